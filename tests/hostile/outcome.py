"""What came of an operation, in the terms of its expectation, and what is wrong with that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.hostile.operation import Expected


@dataclass(kw_only=True)
class Cost:
    """What was counted while an operation ran. `stopped`: that it was ended in the middle, and why."""

    steps: int = 0
    statements: int = 0
    log_characters: int = 0
    hashes: int = 0
    stopped: str | None = None


@dataclass(kw_only=True)
class Outcome:
    """`codes`: of errors, or HTTP 404 and the like where there is no GraphQL; empty: it was answered."""

    status: int = 0
    answer_bytes: int = 0
    codes: set[str] = field(default_factory=set[str])

    @classmethod
    def of_response(cls, status: int, body: bytes) -> Outcome:
        codes = codes_in(body)
        if not codes and status >= 400:
            codes = {f"HTTP {status}"}
        return cls(status=status, answer_bytes=len(body), codes=codes)

    @classmethod
    def together(cls, outcomes: Iterable[Outcome]) -> Outcome:
        """Of a crowd: the worst status, all codes."""
        every = list(outcomes)
        return cls(
            status=max(each.status for each in every),
            answer_bytes=sum(each.answer_bytes for each in every),
            codes=set[str]().union(*(each.codes for each in every)),
        )


def codes_in(body: bytes) -> set[str]:
    """The codes of the errors of a GraphQL answer; `none` for an error without one."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return set()
    errors: Any = cast("dict[str, Any]", answer).get("errors") if isinstance(answer, dict) else None
    return {error.get("extensions", {}).get("code", "none") for error in errors or ()}


def faults(outcome: Outcome, cost: Cost, expected: Expected) -> list[str]:
    """What is not as it must be, a sentence each."""
    if cost.stopped:
        return [cost.stopped]
    bounds, found = expected.bounds, list[str]()
    if outcome.codes - expected.codes:
        found.append(f"came back with {sorted(outcome.codes)}, not {sorted(expected.codes)}")
    if not outcome.codes and not expected.answered:
        found.append("was answered")
    if outcome.status >= 500:
        found.append(f"has the status {outcome.status}")
    most_bytes = bounds.refusal_bytes if outcome.codes else bounds.answer_bytes
    for what, counted, most in (
        ("bytes of answer", outcome.answer_bytes, most_bytes),
        ("steps", cost.steps, bounds.steps),
        ("statements", cost.statements, bounds.statements),
        ("characters in the log", cost.log_characters, bounds.log_characters),
        ("hashes of passwords", cost.hashes, bounds.hashes),
    ):
        if counted > most:
            found.append(f"{counted:,} {what}, more than {most:,}")
    return found
