"""What is known now, read from the snapshots up to now, is what the daily rows say, wherever it is shown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graphql_schema.golden_world import EVERY_METRIC, NOW, PREVIOUS, WEEK, GoldenWorld

METRICS = f"metrics {{ {EVERY_METRIC} currency hasData isFinal from to }}"
COMPARED = f"absolute {{ {EVERY_METRIC} }} relative {{ {EVERY_METRIC} }}"
ENTITY = f"""
name {METRICS}
comparison(to: $to) {{ {COMPARED} }}
series(granularity: WEEK) {{ from to {METRICS} }}
"""
LIST = f"""
totalCount unfilteredCount
summaries {{ {EVERY_METRIC} currency hasData isFinal from to }}
comparisons(to: $to) {{ {COMPARED} }}
series(granularity: DAY) {{ currency points {{ from to {METRICS} }} }}
"""
RECONCILED = f"reconciliation {{ agrees reported {{ {EVERY_METRIC} }} ads {{ {EVERY_METRIC} }} }}"
ORDERED = "orderBy: [{field: CTR, direction: DESC}, {field: IMPRESSIONS, change: RELATIVE}]"
FILTERED = 'filter: {metrics: [{metric: CTR, op: GTE, value: "0"}, {metric: ROAS, op: LT, value: "100"}]}'
ARGUMENTS = f"range: $range, asOf: $asOf, {ORDERED}, {FILTERED}"
DOCUMENTS = (
    f"campaigns({ARGUMENTS}) {{ {LIST} nodes {{ {ENTITY} {RECONCILED} }} }}",
    f"adsets({ARGUMENTS}) {{ {LIST} nodes {{ {ENTITY} {RECONCILED} campaign {{ {METRICS} }} }} }}",
    f"ads({ARGUMENTS}) {{ {LIST} nodes {{ {ENTITY} adset {{ {METRICS} }} adAccount {{ name {METRICS} }} }} }}",
    f"adAccounts(range: $range, asOf: $asOf) {{ nodes {{ {ENTITY} }} }}",
)


@pytest.mark.parametrize("field", DOCUMENTS, ids=("campaigns", "adsets", "ads", "adAccounts"))
@pytest.mark.parametrize("days", [WEEK, {"preset": "TODAY"}, {"preset": "LAST_WEEK"}, {"preset": "LAST_30_DAYS"}])
async def test_now_is_now(golden: GoldenWorld, field: str, days: dict[str, Any]) -> None:
    document = f"query ($range: DateRangeInput, $asOf: DateTime, $to: ComparisonInput!) {{ {field} }}"

    found = await golden.ask(document, range=days, to=PREVIOUS, asOf=None)
    assert next(iter(found.values()))["nodes"]
    assert await golden.ask(document, range=days, to=PREVIOUS, asOf=NOW.isoformat()) == found
