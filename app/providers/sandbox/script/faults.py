"""Scripted trouble: which calls shall fail or be slow, how often, and how. Data, never code.

A fault with a code answers with that error, one with a form with that kind of wreck; one with neither, only a delay,
answers late and right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from pydantic import ConfigDict

from app.providers.sandbox.call import Form
from app.providers.sandbox.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Iterable


BATCH = "batch"


class CallTraits(NamedTuple):
    """What a fault can look at. `account` is `act_…`, a page's id or `me`; a later page is one behind a cursor.

    `edge` is `node` for calls on a node itself, `report` and `report_rows` for reports, `batch` for a whole batch.
    """

    method: str
    account: str
    edge: str
    object_id: str
    level: str | None
    is_later_page: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultMatch:
    """Every trait that is given must be equal; none given matches every call but whole batches.

    `later_page` chooses the pages behind a cursor, or the first ones.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    method: str | None = None
    account: str | None = None
    edge: str | None = None
    level: str | None = None
    object_ids: frozenset[str] | None = None
    later_page: bool | None = None

    def fits(self, traits: CallTraits) -> bool:
        if traits.edge == BATCH and self.edge != BATCH:
            return False
        if self.later_page not in {None, traits.is_later_page}:
            return False
        named = ("method", "account", "edge", "level")
        return all(getattr(self, name) in {None, getattr(traits, name)} for name in named) and (
            self.object_ids is None or traits.object_id in self.object_ids
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`skip` matching calls pass first, then `times` are struck; None is for ever.

    `form` wrecks the answer: `html` and `empty` with the http_status and undone, `broken_json` and `cut_off` after the
    call was done, `hanging` and `null_item` (of a batch) undone.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    match: FaultMatch = field(default_factory=FaultMatch)
    skip: int = 0
    times: int | None = 1
    form: Form = Form.WHOLE
    code: int | None = None
    subcode: int | None = None
    http_status: int = 400
    message: str = "Scripted by the sandbox"
    transient: bool = False
    delay_seconds: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def error(self) -> GraphError | None:
        if self.code is None:
            return None
        return GraphError(
            f"(#{self.code}) {self.message}",
            code=self.code,
            subcode=self.subcode,
            http_status=self.http_status,
            transient=self.transient,
        )


@dataclass(slots=True)
class _Armed:
    fault: Fault
    seen: int = 0


class FaultScript:
    """The faults that are armed, each with its count of matching calls."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._armed = [_Armed(fault) for fault in faults]

    @property
    def armed(self) -> int:
        """How many faults there are, spent ones included."""
        return len(self._armed)

    def arm(self, faults: Iterable[Fault]) -> None:
        self._armed += [_Armed(fault) for fault in faults]

    def clear(self) -> None:
        self._armed.clear()

    def take(self, traits: CallTraits) -> Fault | None:
        """The first armed fault that strikes this call; every matching one counts the call."""
        struck: Fault | None = None
        for armed in self._armed:
            fault = armed.fault
            if not fault.match.fits(traits):
                continue
            due = armed.seen >= fault.skip and (fault.times is None or armed.seen < fault.skip + fault.times)
            if due and struck is not None:
                continue
            armed.seen += 1
            if due:
                struck = fault
        return struck
