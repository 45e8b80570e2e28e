"""Counts tries in this process alone while Redis is away, by the rules of `try_rules`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app import clock
from app.services.limits.try_rules import TryRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.services.limits.try_rules import Subject, TryRules

__all__ = ["ProcessTries"]

MOST_SUBJECTS = 10_000
"""Above this, the subject counted longest ago is dropped."""


@dataclass(slots=True)
class _Count:
    began: float
    tries: float = 0.0
    paused_until: float = 0.0
    gone_at: float = 0.0
    refused: bool = False


class ProcessTries:
    """A TryStore that never fails."""

    def __init__(self, rules: TryRules) -> None:
        self._rules = rules
        self._counts: dict[str, _Count] = {}

    async def take(self, subjects: Sequence[Subject]) -> TryRefused | None:
        now = clock.now().timestamp()
        counts = [self._count_of(subject.key, now) for subject in subjects]
        pausing = [count for count in counts if count.paused_until > now]
        if pausing:
            is_first = any(not count.refused for count in pausing)
            for count in pausing:
                count.refused = True
            return TryRefused(max(count.paused_until for count in pausing) - now, is_first)
        for subject, count in zip(subjects, counts, strict=True):
            self._add_try(subject, count, now)
        return None

    async def give_back(self, subjects: Sequence[Subject], part: float) -> None:
        for subject in subjects:
            count = self._counts.get(subject.key)
            if count is not None:
                count.tries = max(0.0, count.tries - part)
                if int(count.tries) < subject.tries:
                    count.paused_until = 0.0

    def _count_of(self, key: str, now: float) -> _Count:
        count = self._counts.get(key)
        return count if count is not None and count.gone_at > now else _Count(began=now)

    def _add_try(self, subject: Subject, count: _Count, now: float) -> None:
        if count.tries < subject.tries and now - count.began >= self._rules.window:
            count.tries, count.began = 0.0, now
        count.tries += 1
        pause = self._rules.pause_after(count.tries, subject.tries)
        count.paused_until = now + pause if pause else 0.0
        count.gone_at = now + pause + self._rules.window
        count.refused = False
        self._counts.pop(subject.key, None)
        self._counts[subject.key] = count  # the newest last
        if len(self._counts) > MOST_SUBJECTS:
            del self._counts[next(iter(self._counts))]
