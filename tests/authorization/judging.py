"""What must come of a cell: the right data and nothing of anybody else's, or the exact refusal and no trace."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.http.graphql.view import STATUS_OF_CODE
from app.http.requests.negotiation import GRAPHQL_RESPONSE
from graphql_schema.types.permissions import Permission, permissions_of
from tests.authorization.callers import Anonymous, Member, NotMember, Refused
from tests.authorization.digest import read_digest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import httpx

    from tests.authorization.callers import Standing
    from tests.authorization.world import Stage

NO_TOKEN = "This needs an access token: log in and send it as a Bearer token."
NO_LONGER = "The access token is no longer valid."


@dataclass(frozen=True)
class Refusal:
    """`before`: nothing of the request was even read, so that the status says it to every client."""

    code: str
    message: str
    before: bool = False

    @property
    def status(self) -> int:
        return STATUS_OF_CODE[self.code]


def refusal_of(standing: Standing, needs: Permission | None) -> Refusal | None:
    """How somebody of this standing is refused what needs this permission; None: they get it."""
    if isinstance(standing, Refused):
        return Refusal("UNAUTHENTICATED", standing.sentence, before=True)
    if needs is None:
        return None
    if isinstance(standing, Anonymous):
        return Refusal("UNAUTHENTICATED", NO_TOKEN)
    if isinstance(standing, NotMember):
        return Refusal("UNAUTHENTICATED", NO_LONGER)
    if needs in permissions_of(standing.role):
        return None
    sentence = f"The role {standing.role} may not do this; it needs the permission {needs}."
    return Refusal("FORBIDDEN", sentence)


def check_refusal(response: httpx.Response, refusal: Refusal, media_type: str) -> None:
    """One error with this code and sentence, no data, and the status that the media type has for it.

    A response with a `data` entry is a GraphQL response of 200; without one, the newer media type has the status of
    the code. The older one leaves 200 or the status to the server (GraphQL over HTTP, "Status Codes").
    """
    body: dict[str, Any] = response.json()
    found = [(error["extensions"]["code"], error["message"]) for error in body["errors"]]
    assert found == [(refusal.code, refusal.message)]
    data: dict[str, Any] = body.get("data") or {}
    assert not any(data.values())
    allowed = {refusal.status} if refusal.before or media_type == GRAPHQL_RESPONSE else {200, refusal.status}
    assert response.status_code in ({200} if "data" in body else allowed)
    assert refusal.before <= ("data" not in body)


def check_discretion(response: httpx.Response, stage: Stage, standing: Standing, *, allowed: bool) -> None:
    """No text of a seller that isn't the caller's is in the status, the headers or the body."""
    seen = f"{response.status_code} {response.reason_phrase} {response.headers!r}".encode() + response.content
    own = standing.side(stage) if allowed and isinstance(standing, Member) else None
    for side in (stage.ours, stage.theirs):
        if side is not own:
            assert side.canary.encode() not in seen


@asynccontextmanager
async def nothing_happens(stage: Stage) -> AsyncGenerator[None]:
    """No row changes within, and Meta is not asked."""
    before, calls = await read_digest(stage.world), len(stage.meta_calls)
    yield
    assert await read_digest(stage.world) == before
    assert stage.meta_calls[calls:] == []
