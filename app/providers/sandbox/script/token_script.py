"""What is scripted about tokens: when one dies, of what, what it may, and the values that replaced others.

Owners are named as clients name them: `act_…` for the token of an account's user, a page's id for the page's own.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from pydantic import ConfigDict

from app import clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from app.providers.sandbox.state.renewed_tokens import RenewedTokens


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRule:
    """The owner's token dies after a number of calls (0: at once) or at an instant, with the subcode; until renewed.

    `scopes` are all that it may, None is everything; lacking one fails the calls that need it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    owner: str
    after_calls: int | None = None
    expires_at: datetime | None = None
    data_access_expires_at: datetime | None = None
    subcode: int = 463
    scopes: frozenset[str] | None = None


class TokenState(NamedTuple):
    """What holds of a token now. `dead` is the subcode of its death."""

    dead: int | None = None
    expires_at: datetime | None = None
    data_access_expires_at: datetime | None = None
    scopes: frozenset[str] | None = None


@dataclass(slots=True)
class _Armed:
    rule: TokenRule
    calls: int = 0

    def is_dead(self) -> bool:
        rule = self.rule
        spent = rule.after_calls is not None and self.calls >= rule.after_calls
        return spent or (rule.expires_at is not None and rule.expires_at <= clock.now())


class TokenScript:
    """The rules in force and the renewed values. The newest rule of an owner counts."""

    def __init__(self, renewed: RenewedTokens) -> None:
        self._armed: dict[str, _Armed] = {}
        self._renewed = renewed

    def arm(self, rules: Iterable[TokenRule]) -> None:
        self._armed |= {rule.owner: _Armed(rule) for rule in rules}

    def clear(self) -> None:
        """Forget the rules; a renewed token keeps its new value, as its old one is known to be gone."""
        self._armed.clear()

    def current(self, original: str) -> str:
        """The value that a world's token has now."""
        return self._renewed.find(original) or original

    def renew(self, original: str, owners: Iterable[str], value: str | None = None) -> str:
        """Give a token a new value, against which no rule stands; answers the value."""
        for owner in owners:
            self._armed.pop(owner, None)
        renewed = value or f"sandbox-{secrets.token_urlsafe(16)}"
        self._renewed.keep(original, renewed)
        return renewed

    def count(self, owners: Iterable[str]) -> TokenState:
        """What holds for the token of these owners at a call, which counts if the token still lives."""
        state = self.state(owners)
        if state.dead is None:
            for owner in owners:
                if owner in self._armed:
                    self._armed[owner].calls += 1
        return state

    def state(self, owners: Iterable[str]) -> TokenState:
        """What holds for the token of these owners."""
        for owner in owners:
            armed = self._armed.get(owner)
            if armed is not None:
                rule = armed.rule
                dead = rule.subcode if armed.is_dead() else None
                return TokenState(dead, rule.expires_at, rule.data_access_expires_at, rule.scopes)
        return TokenState()

    def describe(self) -> Mapping[str, object]:
        """Each rule's owner, for the control endpoints; never a token."""
        return {
            owner: {"calls": armed.calls, "dead": armed.rule.subcode if armed.is_dead() else None}
            for owner, armed in self._armed.items()
        }
