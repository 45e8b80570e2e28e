"""Who calls: a token's user with accounts and pages, or a page itself; whether the token lives and what it may.

Tokens are compared and kept, never shown: logs and control answers carry fingerprints.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, NamedTuple

from app.providers.sandbox import errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from app.providers.sandbox.call import GraphCall
    from app.providers.sandbox.script.token_script import TokenScript, TokenState
    from app.providers.sandbox.world.dataset import Account
    from app.providers.sandbox.world.page_dataset import Page
    from app.providers.sandbox.world.worlds import World

READ_ADS = "ads_read"
MANAGE_ADS = "ads_management"
READ_POSTS = "pages_read_engagement"
READ_PAGE_NUMBERS = "read_insights"
_PAGE_SCOPES = frozenset({"pages_show_list", READ_POSTS, READ_PAGE_NUMBERS})
_USER_SCOPES = _PAGE_SCOPES | {READ_ADS, MANAGE_ADS, "business_management", "public_profile"}
_APP_SEPARATOR = "|"


class Caller(NamedTuple):
    """Whose token it is: a user's (`page` is None) with what the user sees, or a page's own."""

    accounts: tuple[Account, ...]
    pages: tuple[Page, ...]
    page: Page | None
    original: str
    scopes: frozenset[str] | None = None

    @property
    def owners(self) -> Sequence[str]:
        """The names under which the token can be scripted."""
        return [self.page.id] if self.page is not None else [f"act_{account.id}" for account in self.accounts]

    @property
    def user_id(self) -> str:
        return f"9{(*self.accounts, *self.pages)[0].id}"

    def require(self, *scopes: str) -> None:
        """Raise GraphError unless the token has one of the scopes."""
        if self.scopes is not None and not self.scopes.intersection(scopes):
            raise errors.permission_missing(scopes[0])


class TokenBook:
    """All tokens of a world, as they are now."""

    def __init__(self, world: World, script: TokenScript) -> None:
        self._world = world
        self._script = script
        users = dict.fromkeys(
            (*(each.access_token for each in world.accounts), *(each.user_token for each in world.pages)),
        )
        self._callers = [self._user(token) for token in users]
        self._callers += [Caller((), (page,), page, page.access_token) for page in world.pages]

    def authenticate(self, call: GraphCall, *, counts: bool = True) -> Caller:
        """The caller; raises GraphError for a missing, unknown or dead token or a wrong proof."""
        token = call.access_token
        if not token:
            raise errors.token_missing()
        caller = self.find(token)
        if caller is None:
            raise errors.token_invalid()
        self._check_proof(token, call.params.get("appsecret_proof"))
        state = self._script.count(caller.owners) if counts else self._script.state(caller.owners)
        if state.dead is not None:
            raise errors.token_dead(state.dead)
        return caller._replace(scopes=state.scopes)

    def find(self, token: str) -> Caller | None:
        """Whose token this is now, dead or alive."""
        return next((each for each in self._callers if _same(self._script.current(each.original), token)), None)

    def find_owner(self, owner: str) -> Caller | None:
        """The caller that `act_…` or a page's id names."""
        return next((each for each in self._callers if owner in each.owners), None)

    def page_token(self, page: Page) -> str:
        """The page's own token as it is now."""
        return self._script.current(page.access_token)

    def describe_token(self, call: GraphCall) -> Mapping[str, object]:
        """`debug_token`: asked with the app's token or with a user's, about any token (Meta's documentation)."""
        if not self._is_app(call.access_token):
            self.authenticate(call, counts=False)
        token = call.params.get("input_token")
        if not token:
            raise errors.bad_parameter("The parameter input_token is required")
        caller = self.find(token)
        if caller is None:
            wrong = {"code": 190, "message": "Invalid OAuth access token."}
            return {"data": {"error": wrong, "is_valid": False, "scopes": []}}
        return {"data": self._facts(caller, self._script.state(caller.owners))}

    def _facts(self, caller: Caller, state: TokenState) -> Mapping[str, object]:
        usual = _USER_SCOPES if caller.page is None else _PAGE_SCOPES
        facts: dict[str, object] = {
            "app_id": self._world.app_id,
            "application": "Sandbox",
            "type": "USER" if caller.page is None else "PAGE",
            "expires_at": _seconds(state.expires_at),
            "data_access_expires_at": _seconds(state.data_access_expires_at),
            "is_valid": state.dead is None,
            "scopes": sorted(usual if state.scopes is None else state.scopes),
            "user_id": caller.user_id,
        }
        if caller.page is not None:
            facts["profile_id"] = caller.page.id
        if state.dead is not None:
            error = errors.token_dead(state.dead)
            facts["error"] = {"code": error.code, "message": error.message, "subcode": error.subcode}
        return facts

    def _user(self, token: str) -> Caller:
        accounts = tuple(each for each in self._world.accounts if each.access_token == token)
        pages = tuple(each for each in self._world.pages if each.user_token == token)
        return Caller(accounts, pages, None, token)

    def _is_app(self, token: str | None) -> bool:
        """Whether a token is the app's own, `app_id|app_secret`; a world without a secret takes any."""
        app_id, separator, secret = (token or "").partition(_APP_SEPARATOR)
        if not separator or app_id != self._world.app_id:
            return False
        return self._world.app_secret is None or _same(self._world.app_secret, secret)

    def _check_proof(self, token: str, proof: str | None) -> None:
        if self._world.app_secret is None:
            return
        if proof is None:
            raise errors.proof_missing()
        expected = hmac.new(self._world.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        if not _same(expected, proof):
            raise errors.proof_invalid()


def fingerprint(token: str | None) -> str | None:
    """What stands for a token where it must not be shown."""
    return hashlib.sha256(token.encode()).hexdigest()[:8] if token else None


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


def _seconds(instant: datetime | None) -> int:
    """Unix seconds; 0 is never."""
    return int(instant.timestamp()) if instant is not None else 0
