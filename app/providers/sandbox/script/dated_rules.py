"""Scripted rules that hold from an instant on: armed, cleared, and looked up by the time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from app import clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime


class _Rule(Protocol):
    @property
    def at(self) -> datetime | None: ...


Rule = TypeVar("Rule", bound=_Rule)


class Dated(NamedTuple, Generic[Rule]):
    """A rule, and the instant from which on it holds: its own, or that at which it was armed."""

    rule: Rule
    at: datetime


class DatedRules(Generic[Rule]):
    """All rules of a kind, in the order in which they were armed. `revision` grows with every change to them."""

    def __init__(self) -> None:
        self.dated: list[Dated[Rule]] = []
        self.revision = 0

    @property
    def armed(self) -> int:
        return len(self.dated)

    def arm(self, rules: Iterable[Rule]) -> None:
        self.dated += [Dated(rule, rule.at or clock.now()) for rule in rules]
        self.revision += 1

    def clear(self) -> None:
        self.dated.clear()
        self.revision += 1

    def list_in_force(self) -> Sequence[Dated[Rule]]:
        now = clock.now()
        return [each for each in self.dated if each.at <= now]
