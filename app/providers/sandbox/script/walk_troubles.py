"""Listings that are hard to walk: pages refused because of one object in them, and pages that never end.

Meta refuses a page of ads as a whole when one of them can't be rendered (100/2446289, seen by connectors); ids alone
can still be asked for. Pages without end were seen empty, repeated, and in a circle.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, cast

from pydantic import ConfigDict

from app.providers.sandbox.errors import GraphError
from app.providers.sandbox.script.faults import CallTraits, FaultMatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from app.providers.sandbox.call import GraphCall

_MARK = "endless."
_ID_ALONE = "id"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoiltObject:
    """Pages in which an object of these `ids` is are refused; `whole_edge`: all pages of a listing that has one.

    A request for ids alone is answered, unless `ids_too`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    ids: frozenset[str]
    whole_edge: bool = False
    ids_too: bool = False
    code: int = 100
    subcode: int | None = 2446289
    http_status: int = 400
    message: str = "Invalid parameter"

    def error(self) -> GraphError:
        return GraphError(
            self.message,
            code=self.code,
            subcode=self.subcode,
            http_status=self.http_status,
            user_title="Ad Creative Is Incomplete",
            user_message="The post you selected for your ad is not available.",
        )


class SpoiltObjects:
    """All that spoil listings."""

    def __init__(self) -> None:
        self._spoilt: list[SpoiltObject] = []

    @property
    def ids(self) -> frozenset[str]:
        return frozenset[str]().union(*(each.ids for each in self._spoilt))

    def arm(self, spoilt: Iterable[SpoiltObject]) -> None:
        self._spoilt += spoilt

    def clear(self) -> None:
        self._spoilt.clear()

    def check(self, call: GraphCall, listed: Sequence[str], page: Sequence[str]) -> None:
        """Raise GraphError for a page of these ids, out of all that are listed."""
        for spoilt in self._spoilt:
            named = listed if spoilt.whole_edge else page
            is_lean = call.params.get("fields") == _ID_ALONE and not spoilt.ids_too
            if not is_lean and not spoilt.ids.isdisjoint(named):
                raise spoilt.error()


class Endless(StrEnum):
    """What follows the last page: empty ones, that page again and again, or the first one under its own cursor."""

    EMPTY = "empty"
    REPEATED = "repeated"
    CIRCLE = "circle"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndlessPages:
    """Listings or insights whose pages do not end."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    match: FaultMatch = field(default_factory=FaultMatch)
    then: Endless = Endless.EMPTY


class EndlessWalks:
    """All walks without an end."""

    def __init__(self) -> None:
        self._armed: list[EndlessPages] = []

    @property
    def armed(self) -> int:
        return len(self._armed)

    def arm(self, endless: Iterable[EndlessPages]) -> None:
        self._armed += endless

    def clear(self) -> None:
        self._armed.clear()

    def find(self, traits: CallTraits) -> Endless | None:
        return next((each.then for each in self._armed if each.match.fits(traits)), None)


def endless_cursor(call: GraphCall) -> int | None:
    """The number of a page after the end; None for a page before it."""
    after = call.params.get("after", "")
    return int(after.removeprefix(_MARK)) if after.startswith(_MARK) else None


def without_end(call: GraphCall, body: Mapping[str, object], then: Endless) -> Mapping[str, object]:
    """The answer with a next page where it was the last one."""
    number = endless_cursor(call)
    paging = cast("Mapping[str, object]", body.get("paging") or {})
    if (paging.get("next") and (number is None or then is Endless.CIRCLE)) or "data" not in body:
        return body
    after = f"{_MARK}{0 if then is Endless.CIRCLE else (number or 0) + 1}"
    rows: object = [] if number is not None and then is Endless.EMPTY else body["data"]
    cursors = {"before": call.params.get("after", ""), "after": after}
    return {**body, "data": rows, "paging": {"cursors": cursors, "next": call.url_with({"after": after})}}
