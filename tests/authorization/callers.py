"""Who asks: how each caller presents itself, and what that makes it.

A caller is somebody we refuse to listen to (`Refused`), somebody without a name (`Anonymous`), somebody who was a
member or never was (`NotMember`), or a member with a role. Only the membership as it is now decides on the last two.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.identifiers import new_id
from tests.authorization import tokens
from tests.authorization.world import CRON_SECRET

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.authorization.world import Side, Stage

NOT_VALID = "The access token is not valid."
NO_BEARER = "The Authorization header must be a bearer token."
EXPIRED = "The access token has expired."
CLAIMS = ("aud", "exp", "iat", "iss", "jti", "role", "seller", "sub")


@dataclass(frozen=True)
class Refused:
    """No valid token was sent: nothing at all is answered, with this sentence."""

    sentence: str = NOT_VALID


@dataclass(frozen=True)
class Anonymous:
    """No token was sent, or none where tokens are read."""


@dataclass(frozen=True)
class NotMember:
    """The token is valid and its user may not work for its seller (any more)."""


@dataclass(frozen=True)
class Member:
    """The role is the one that the membership says."""

    user: str
    role: str
    of_ours: bool = True

    def side(self, stage: Stage) -> Side:
        return stage.ours if self.of_ours else stage.theirs


Standing = Refused | Anonymous | NotMember | Member


@dataclass(frozen=True)
class Shown:
    """What a request carries besides what it asks for."""

    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Caller:
    name: str
    standing: Standing
    show: Callable[[Stage], Shown]


def _bearer(token: str) -> Shown:
    return Shown({"Authorization": f"Bearer {token}"})


def _header(name: str, value: str, sentence: str) -> Caller:
    return Caller(name, Refused(sentence), lambda _: Shown({"Authorization": value}))


def _token(name: str, standing: Standing, token: Callable[[Stage], str]) -> Caller:
    return Caller(name, standing, lambda stage: _bearer(token(stage)))


def _member(user: str, role: str, *, claims: str | None = None) -> Caller:
    name = user if claims is None else f"{user} with a token that says {claims}"
    return _token(name, Member(user, role), lambda stage: stage.token(user, claims or role))


def _former(user: str) -> Caller:
    return _token(user, NotMember(), lambda stage: stage.token(user))


def _theirs(stage: Stage) -> str:
    seller = str(stage.theirs.tenant.seller_id)
    return stage.token("stranger", seller=seller)


def _in_cookie(stage: Stage) -> Shown:
    token = stage.token()
    return Shown({"Cookie": f"Authorization=Bearer {token}; access_token={token}; token={token}"})


def _in_query_string(stage: Stage) -> Shown:
    return Shown(query={"access_token": stage.token(), "token": stage.token(), "Authorization": stage.token()})


def _in_body(stage: Stage) -> Shown:
    token = stage.token()
    return Shown(body={"access_token": token, "extensions": {"Authorization": f"Bearer {token}", "token": token}})


ANONYMOUS = (
    Caller("no token", Anonymous(), lambda _: Shown()),
    Caller("token in a cookie", Anonymous(), _in_cookie),
    Caller("token in the query string", Anonymous(), _in_query_string),
    Caller("token in the body", Anonymous(), _in_body),
)
NO_TOKENS = (
    _header("empty header", "", NO_BEARER),
    _header("bearer of nothing", "Bearer", NOT_VALID),
    _header("garbage", "Bearer \x07 x.y.z ☠".encode().decode("latin-1"), NOT_VALID),
    _header("too long a token", f"Bearer {'x' * 20_000}", NOT_VALID),
    _header("basic scheme", f"Basic {base64.b64encode(b'owner:password').decode()}", NO_BEARER),
    Caller("good token without its scheme", Refused(NO_BEARER), lambda stage: Shown({"Authorization": stage.token()})),
    _header("cron secret", f"Bearer {CRON_SECRET}", NOT_VALID),
)
FORGED = (
    _token("another secret", Refused(), lambda stage: tokens.signed_with_another_secret(stage.claims())),
    _token("algorithm none", Refused(), lambda stage: tokens.unsigned(stage.claims())),
    _token("algorithm none over a good signature", Refused(), lambda stage: tokens.relabelled(stage.token(), "none")),
    _token("algorithm HS512", Refused(), lambda stage: tokens.signed(stage.claims(), stage.settings, "HS512")),
    _token("key pair of RS256", Refused(), lambda stage: tokens.signed_with_a_key_pair(stage.claims())),
    _token("RS256 over a good signature", Refused(), lambda stage: tokens.relabelled(stage.token(), "RS256")),
    _token("wrong issuer", Refused(), lambda stage: stage.token(iss="pixecom-staging")),
    _token("wrong audience", Refused(), lambda stage: stage.token(aud="pixecom-web")),
    _token("right audience among others", Refused(), lambda stage: stage.token(aud=["pixecom-api", "pixecom-web"])),
    _token("expired just now", Refused(EXPIRED), lambda stage: stage.token(**tokens.expired())),
    _token("issued in the future", Refused(), lambda stage: stage.token(**tokens.premature())),
    *(
        _token(f"no claim {claim}", Refused(), lambda stage, claim=claim: stage.token(**tokens.without(claim)))
        for claim in CLAIMS
    ),
)
NOT_MEMBERS = (
    _former("removed"),
    _former("deactivated"),
    _former("moved"),
    _former("stranger"),
    _former("superadmin"),
    _former("nobody"),
    _token(
        "of the closed seller",
        NotMember(),
        lambda stage: stage.token("of the closed seller", seller=str(stage.closed.seller_id)),
    ),
    # A role of a later release.
    _token("janitor", NotMember(), lambda stage: stage.token("janitor", "JANITOR")),
    _token("janitor who claims to be an owner", NotMember(), lambda stage: stage.token("janitor", "OWNER")),
    _token("seller that does not exist", NotMember(), lambda stage: stage.token(seller=str(new_id()))),
)
MEMBERS = (
    _member("owner", "OWNER"),
    _member("admin", "ADMIN"),
    _member("analyst", "ANALYST"),
    _member("analyst", "ANALYST", claims="OWNER"),
    _member("downgraded", "ANALYST", claims="OWNER"),
    _member("owner", "OWNER", claims="ANALYST"),
    _member("owner", "OWNER", claims="EMPEROR"),
    _member("returned", "OWNER"),
    Caller("lower-case scheme", Member("owner", "OWNER"), lambda s: Shown({"Authorization": f"bearer {s.token()}"})),
    _token("owner of another seller", Member("stranger", "OWNER", of_ours=False), _theirs),
)
CALLERS = (*ANONYMOUS, *NO_TOKENS, *FORGED, *NOT_MEMBERS, *MEMBERS)
