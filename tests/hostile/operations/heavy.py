"""What is dear but accepted, three at once of one user: trees, series, restatements, totals, and choices by metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.metrics.definitions import METRICS
from tests.hostile.operation import Operation, bounded, http

if TYPE_CHECKING:
    from tests.hostile.operation import Http

EVERY = " ".join(metric.graphql_name for metric in METRICS)
METRICS_OF = f"metrics {{ {EVERY} }}"
LIFETIME = "range: {preset: LIFETIME}"
AT_ONCE = 3
_COMPARED = f"current {{ {EVERY} }} base {{ {EVERY} }} absolute {{ {EVERY} }} relative {{ {EVERY} }}"
_SPENT = "filter: {metrics: [{metric: SPEND, op: GTE, value: 1}]}"


def _ranges(count: int) -> str:
    each = (f'a{n}: metrics(range: {{custom: {{from: "2026-01-{n + 1:02}", to: "2026-10-01"}}}})' for n in range(count))
    return " ".join(f"{one} {{ spend }}" for one in each)


def _totals(count: int) -> str:
    return " ".join(f"a{n}: ads(first: 1, {LIFETIME}) {{ summary {{ {EVERY} }} }}" for n in range(count))


DOCUMENTS = {
    "tree with every metric": f"{{ campaigns(first: 20, {LIFETIME}) {{ nodes {{ id name {METRICS_OF} adsets(first: 50) "
    f"{{ nodes {{ id name {METRICS_OF} ads(first: 50) {{ nodes {{ id name {METRICS_OF} }} }} }} }} }} }} }}",
    "series of a lifetime by day": f"{{ campaigns(first: 5, {LIFETIME}) {{ nodes {{ series(granularity: DAY) "
    "{ from metrics { spend impressions purchases roas } statusChanges { at } } } } }",
    "restatements of a lifetime": f"{{ ads(first: 100, {LIFETIME}) {{ nodes {{ restatements "
    "{ date change { current { spend } base { spend } } } } } }",
    "comparisons of every metric": "{ ads(first: 100) { nodes { comparison(to: {period: PREVIOUS_PERIOD}) { "
    + _COMPARED
    + " } } } }",
    "reconciliations of a lifetime": f"{{ campaigns(first: 100, {LIFETIME}) {{ nodes {{ reconciliation "
    f"{{ reported {{ {EVERY} }} ads {{ {EVERY} }} difference {{ {EVERY} }} }} }} }} }}",
    "numbers of 25 ranges": f"{{ ads(first: 100) {{ nodes {{ {_ranges(25)} }} }} }}",
    "totals of a lifetime": f"{{ {_totals(5)} }}",
    "series of all ads": f"{{ ads(first: 1, {LIFETIME}) {{ series(granularity: DAY) "
    f"{{ points {{ {METRICS_OF} }} }} }} }}",
    "order by a metric of a lifetime": f"{{ ads(first: 100, {LIFETIME}, {_SPENT}, orderBy: {{field: ROAS}}) "
    f"{{ totalCount nodes {{ id {METRICS_OF} }} }} }}",
    "order by the change of a metric": f"{{ ads(first: 100, {LIFETIME}, orderBy: {{field: ROAS, change: RELATIVE}}) "
    "{ totalCount nodes { id } } }",
    "orders by metrics below": f"{{ campaigns(first: 100, {LIFETIME}) {{ nodes {{ adsets(first: 5, {_SPENT}, "
    "orderBy: {field: ROAS}) { totalCount nodes { id } } } } }",
}


def _operation(name: str, document: str) -> Operation:
    def make() -> Http:
        return http(document)

    expected = bounded(steps=8_000_000, statements=60, answer_bytes=12_000_000, log_characters=2_000)
    return Operation(name=f"{name}, {AT_ONCE}", kind="heavy", make=make, expected=expected, times=AT_ONCE)


OPERATIONS = [_operation(name, document) for name, document in DOCUMENTS.items()]
