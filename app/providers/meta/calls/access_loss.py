"""Which refusals say that we may no longer read an account or page, where the code alone does not.

Meta says so in many ways: `100/33` and `803` for what is missing and for what may not be seen, `2500` or `104` where a
token is missing, codes that are in no table, and words. Most of them are also said of a single object or of one odd
query. So only words that are about nothing else are certain; every other refusal is a doubt, which `access` settles.
The codes and words are those that connectors have met.
"""

from __future__ import annotations

from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Loss(Enum):
    """What is gone: the token, or its permission for this account or page.

    BLOCKED: every call gets an answer that is not Graph's, such as a firewall's page. That may pass.
    UNEXPLAINED: Graph answers other calls, but refuses those for this account or page without one of its errors.
    """

    TOKEN = auto()
    PERMISSION = auto()
    BLOCKED = auto()
    UNEXPLAINED = auto()


BAD_PARAMETER = 100
NO_SUCH_OBJECT = 33
# Codes that are said of a missing or broken token as well as of other things: a reset connection, a bad query.
TOKEN_CODES = frozenset({104, 2500})
_NO_SUCH_ALIAS = 803
_BLOCKED_FOR_POLICY = 368


_GRANT_TEXTS = ("has not grant", "ads_management", "ads_read", "not authorized application")
_TOKEN_TEXTS = (
    "access token",
    "invalid_token",
    "invalid_grant",
    "oauth token",
    "session key",
    "session has",
    "session is",
    "session was",
    "user logged out",
)
_PERMISSION_TEXTS = (
    "permission",
    "permitted",
    "not authorized",
    "unauthorized",
    "not allowed",
    "forbidden",
    "have access",
    "has access",
    "no access",
    "lost access",
    "access denied",
    "access is denied",
    "access to this",
    "not granted",
)
_CLOSING_TEXTS = ("disabled", "deactivated", "closed", "suspended", "restricted")


def names_closing(text: str) -> bool:
    """Whether a refusal says that the account was closed or disabled."""
    return _has(text, _CLOSING_TEXTS)


def certain_loss(text: str, code: int | None, *, is_known: bool) -> Loss | None:
    """What a refusal with this message of Meta's leaves no doubt of. `is_known`: its code is in the table."""
    if _has(text, _TOKEN_TEXTS) and (code in TOKEN_CODES or not is_known):
        return Loss.TOKEN
    return Loss.PERMISSION if _has(text, _GRANT_TEXTS) else None


def names_loss(text: str) -> bool:
    """Whether a failure speaks of access that is denied, in whatever code."""
    return _has(text, (*_TOKEN_TEXTS, *_PERMISSION_TEXTS, *_CLOSING_TEXTS))


def likely_loss(
    text: str, code: int | None, subcode: int | None, *, http_status: int, is_login_error: bool, is_known: bool
) -> Loss | None:
    """What a refusal points to, if it points to a loss at all. `text`: all that Meta says, to developers and to people.

    A code that is in no table may mean anything, the loss of access too.
    """
    if _has(text, _TOKEN_TEXTS):
        return Loss.TOKEN
    if (code, subcode) == (BAD_PARAMETER, NO_SUCH_OBJECT) or code in {_NO_SUCH_ALIAS, _BLOCKED_FOR_POLICY}:
        return Loss.PERMISSION
    if _has(text, (*_PERMISSION_TEXTS, *_CLOSING_TEXTS)):
        return Loss.PERMISSION
    if is_login_error and http_status == HTTPStatus.UNAUTHORIZED:
        return Loss.TOKEN
    is_forbidden = is_login_error and http_status == HTTPStatus.FORBIDDEN
    return Loss.PERMISSION if is_forbidden or (code is not None and not is_known) else None


def _has(text: str, parts: Sequence[str]) -> bool:
    lower = text.lower()
    return any(part in lower for part in parts)
