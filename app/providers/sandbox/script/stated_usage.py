"""Usage headers by script: what they say whatever was called, so that a client's own caution can be tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pydantic import ConfigDict

from app.providers.sandbox.rules.usage import Load, UseCase

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedUsage:
    """What answers about an account or page (all without one) state, for the next `times` of them or for ever."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    percent: float
    account: str | None = None
    use_case: UseCase | None = None
    regain_minutes: int = 0
    reset_seconds: int = 0
    app_percent: float | None = None
    times: int | None = None

    def load(self) -> Load:
        return Load(self.percent, self.regain_minutes, self.reset_seconds, self.app_percent)


@dataclass(slots=True)
class _Armed:
    stated: StatedUsage
    told: int = 0


class UsageScript:
    """What is stated now; the newest fitting statement counts."""

    def __init__(self, stated: Iterable[StatedUsage] = ()) -> None:
        self._armed: list[_Armed] = []
        self.arm(stated)

    @property
    def armed(self) -> int:
        return len(self._armed)

    def arm(self, stated: Iterable[StatedUsage]) -> None:
        self._armed += [_Armed(each) for each in stated]

    def clear(self) -> None:
        self._armed.clear()

    def take(self, account: str, use_case: UseCase) -> Load | None:
        """What to state of a call, None where nothing is scripted."""
        for armed in reversed(self._armed):
            stated = armed.stated
            fits = stated.account in {None, account} and stated.use_case in {None, use_case}
            if fits and (stated.times is None or armed.told < stated.times):
                armed.told += 1
                return stated.load()
        return None
