"""Floor b's answers: from the records of the product's statements straight to dictionaries. No GraphQL.

What a record is (a page, the sums of a level, ...) is read off its columns once; a result of unknown columns is an
error, so that a change of the product's SQL can't go unnoticed.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from enum import Enum, auto
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

from app.metrics.counters import Counters
from app.metrics.definitions import METRICS
from app.metrics.levels import Level
from app.metrics.rows import Form, row_function
from tests.benchmarks.workloads import METRIC_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from app.database.driver import Record
    from tests.benchmarks.statements import Statement

Answer = dict[str, Any]
Results = list["Sequence[Record]"]

_NAMES = tuple(metric.name for metric in METRICS)
# They come as a plain tuple, which does for `row_function`.
_counters = cast("Callable[[Record], Counters]", itemgetter(*Counters._fields))
_CHILDREN = {Level.CAMPAIGN: "adsets", Level.ADSET: "ads"}
_PARENT = {Level.ADSET: "campaign_id", Level.AD: "adset_id"}


class Role(Enum):
    CONTROL = auto()
    CALENDARS = auto()
    PAGE = auto()
    SUMS = auto()
    SUMMARY = auto()


@dataclass(frozen=True, slots=True)
class Part:
    """What one statement is for; `ids` are the entities that sums were asked for, in their order."""

    role: Role
    level: Level | None = None
    ids: Sequence[UUID] = ()


def read_part(statement: Statement, records: Sequence[Record]) -> Part:
    """What a statement is for, from what it answered."""
    if statement.controls:
        return Part(Role.CONTROL)
    columns: set[str] = set(records[0].keys())  # pyright: ignore[reportAttributeAccessIssue, reportUnknownArgumentType]  # a mapping
    if "external_id" in columns:
        return Part(Role.PAGE, _level_of(records[0]))
    if "spend_micros" in columns:
        if "currency" in columns:
            return Part(Role.SUMMARY)
        return Part(Role.SUMS, ids=statement.values[1])  # pyright: ignore[reportArgumentType]  # its first parameter
    if "time_zone" in columns:
        return Part(Role.CALENDARS)
    raise RuntimeError(f"a statement of a kind that the benchmark doesn't know: {sorted(columns)}")


def _level_of(record: Record) -> Level:
    if record["adset_id"]:
        return Level.AD
    return Level.ADSET if record["campaign_id"] else Level.CAMPAIGN


def answer(parts: Sequence[Part], results: Results, *, first: int) -> Answer:
    """The data of the operation: what the product answers, and nothing else."""
    found = list(zip(parts, results, strict=True))
    currency: str = next(records[0]["currency"] for part, records in found if part.role is Role.CALENDARS)
    shown = row_function(_NAMES, currency=currency, form=Form.WIRE)
    metrics: dict[UUID, Answer] = {}
    for part, records in found:
        if part.role is Role.SUMS:
            for key, record in zip(part.ids, records, strict=True):
                metrics[key] = dict(zip(METRIC_FIELDS, shown(_counters(record)), strict=True))
    pages = {part.level: records for part, records in found if part.role is Role.PAGE and part.level is not None}
    campaigns: Answer = {"nodes": _tree(pages, metrics)[:first]}
    for part, records in found:
        if part.role is Role.SUMMARY:
            campaigns["summary"] = dict(zip(METRIC_FIELDS, shown(_totals(records[0])), strict=True))
    return {"campaigns": campaigns}


def _totals(record: Record) -> Counters:
    """Totals over many entities; their money comes as numeric."""
    return Counters(*map(int, _counters(record)))


def _tree(pages: dict[Level, Sequence[Record]], metrics: dict[UUID, Answer]) -> list[Answer]:
    """The campaigns, with the levels that were read hung under them."""
    nodes: dict[UUID, Answer] = {}
    for level in sorted(pages):
        for record in pages[level]:
            node = _entity(record, level, metrics)
            nodes[record["id"]] = node
            if level in _CHILDREN and Level(level + 1) in pages:
                node[_CHILDREN[level]] = {"nodes": []}
            if level in _PARENT:
                nodes[record[_PARENT[level]]][_CHILDREN[Level(level - 1)]]["nodes"].append(node)
    return [nodes[record["id"]] for record in pages[Level.CAMPAIGN]]


def _entity(record: Record, level: Level, metrics: dict[UUID, Answer]) -> Answer:
    return {
        "id": base64.b64encode(f"{level.name.capitalize()}:{record['id']}".encode()).decode(),
        "name": record["name"],
        "externalId": record["external_id"],
        "status": record["status"],
        "deliveryStatus": record["delivery_status"],
        "deliveryReason": record["delivery_reason"],
        "createdAt": record["created_at"],
        "updatedAt": record["updated_at"],
        "metrics": metrics.get(record["id"]),
    }
