"""Exports, the cron hook, and what answers everybody: each times every kind of caller."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from app.http.requests.negotiation import JSON
from graphql_schema.types.permissions import Permission
from tests.authorization.callers import CALLERS, Caller, Member, Refused, Shown
from tests.authorization.judging import Refusal, check_discretion, check_refusal, nothing_happens, refusal_of
from tests.authorization.requests import send
from tests.authorization.route_rows import EXPORTS, FILES, OPEN_ROUTES
from tests.authorization.world import CRON_SECRET

if TYPE_CHECKING:
    from tests.authorization.world import Stage

every_caller = pytest.mark.parametrize("caller", CALLERS, ids=[caller.name for caller in CALLERS])


@every_caller
@pytest.mark.parametrize("file", FILES)
async def test_export(stage: Stage, file: str, caller: Caller) -> None:
    await stage.forget_limits()
    refusal = refusal_of(caller.standing, Permission.READ)
    async with nothing_happens(stage):
        response = await send(stage, caller, "POST", f"/export/{file}", {})
    check_discretion(response, stage, caller.standing, allowed=refusal is None)
    if refusal is not None:
        assert response.status_code == refusal.status
        check_refusal(response, refusal, JSON)
        return
    assert isinstance(caller.standing, Member)
    side, kind = caller.standing.side(stage), EXPORTS[file.partition(".")[0]]
    assert response.status_code == 200
    rows = response.text.splitlines()[file.endswith(".csv") :]
    assert [_first_two(row, file) for row in rows] == [(side.ids[kind], side.text(kind))]


def _first_two(row: str, file: str) -> tuple[str, str]:
    """Id and name."""
    if file.endswith(".ndjson"):
        cells = json.loads(row)
        return cells["id"], cells["name"]
    first, second = row.split(",")[:2]
    return first, second


@every_caller
async def test_the_cron_hook_takes_no_access_token(stage: Stage, caller: Caller) -> None:
    if caller.name == "cron secret":
        return  # it is who may: see below
    async with nothing_happens(stage):
        response = await send(stage, caller, "POST", "/cron/stats", {})
    check_discretion(response, stage, caller.standing, allowed=False)
    refusal = Refusal("UNAUTHENTICATED", "The cron secret is needed.", before=True)
    check_refusal(response, refusal, JSON)
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="pixecom cron"'


async def test_the_cron_hook_takes_its_secret_and_shows_no_seller(stage: Stage) -> None:
    clock = Caller("clock", Refused(), lambda _: Shown({"Authorization": f"Bearer {CRON_SECRET}"}))

    response = await send(stage, clock, "POST", "/cron/stats", {})

    assert (response.status_code, list(response.json())) == (202, ["runId"])
    check_discretion(response, stage, clock.standing, allowed=False)


@every_caller
@pytest.mark.parametrize("path", OPEN_ROUTES)
async def test_what_is_open_answers_everybody_alike(stage: Stage, path: str, caller: Caller) -> None:
    route = OPEN_ROUTES[path]
    async with nothing_happens(stage):
        response = await send(stage, caller, "GET", route.path)
    assert response.status_code == (route.status if path in stage.routes else 404)
    check_discretion(response, stage, caller.standing, allowed=False)
