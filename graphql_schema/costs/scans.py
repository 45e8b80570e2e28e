"""The cost of going through the daily rows of everything that a list matches, however few of it are answered.

Totals do so, and so do lists that metrics filter or order. It grows with the days of the range.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from graphql_schema.costs.expressions import Expression, Known, apply, product, total
from graphql_schema.types.metric_names import METRIC_MEMBERS

if TYPE_CHECKING:
    from graphql_schema.costs.scope import FieldUse
    from graphql_schema.costs.weights import Weight

__all__ = ["scan_cost"]

# As of an instant, this many more snapshots are read for each day.
_MORE_SNAPSHOTS = 2


def scan_cost(weight: Weight, use: FieldUse, a_day: int) -> Expression[int]:
    """What all scans of a field cost; `a_day` is what one costs for a day of the range."""
    days_read = product(_scans(weight, use), use.scope.days)
    rows_a_day = total([Known(1), product(Known(_MORE_SNAPSHOTS), use.scope.past)])
    return product(Known(a_day), product(days_read, rows_a_day))


def _scans(weight: Weight, use: FieldUse) -> Expression[int]:
    if weight.scans or not weight.chosen:
        return Known(weight.scans)
    return apply(_scans_of_list, use.argument("filter"), use.argument("orderBy"))


def _scans_of_list(filter_: object, orders: object) -> int:
    """1 if metrics decide what is in a list or where, and 1 more if they are compared with those of other days."""
    given = cast("list[object]", orders) if isinstance(orders, list) else [orders]
    keys = [cast("Mapping[str, object]", order) for order in given if isinstance(order, Mapping)]
    compared = any(key.get("change") is not None for key in keys)
    return int(compared or _has_metrics(filter_) or any(_is_metric(key.get("field")) for key in keys)) + compared


def _is_metric(field: object) -> bool:
    return isinstance(field, str) and field in METRIC_MEMBERS


def _has_metrics(filter_: object) -> bool:
    """Whether a filter has conditions on metrics, also of its entities' parents."""
    if not isinstance(filter_, Mapping):
        return False
    members = cast("Mapping[str, object]", filter_)
    return bool(members.get("metrics")) or any(map(_has_metrics, members.values()))
