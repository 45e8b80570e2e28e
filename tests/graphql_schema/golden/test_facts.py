"""What is said of the figures: whose money, whether there is any data, how fresh and final it is, of which days."""

from __future__ import annotations

from tests.graphql_schema.golden_figures import NOTHING
from tests.graphql_schema.golden_world import EVERY_METRIC, WEEK, GoldenWorld

FACTS = """
query ($range: DateRangeInput) {
  campaigns(range: $range, orderBy: {field: NAME}) {
    nodes { name metrics { currency hasData syncedAt isFinal from to } }
  }
  adsets(range: $range, filter: {name: "Alpha-one"}) { nodes { metrics { hasData syncedAt from to } } }
}
"""
FIGURES = f"""
query ($range: DateRangeInput) {{
  campaigns(range: $range, orderBy: {{field: NAME}}) {{ nodes {{ metrics {{ {EVERY_METRIC} }} }} }}
}}
"""


async def test_what_is_said_of_the_figures(golden: GoldenWorld) -> None:
    data = await golden.ask(FACTS, range=WEEK)

    days = {"from": "2026-03-02", "to": "2026-03-08", "isFinal": False}
    # A later look at 8 March, at 17:25, brought nothing new; it is no row, but it is a sync.
    hanoi = {"currency": "USD", "syncedAt": "2026-03-08T17:25:00+00:00", **days}
    angeles = {"currency": "USD", "syncedAt": "2026-03-08T17:10:00+00:00", **days}
    tokyo = {"currency": "JPY", "syncedAt": "2026-03-05T12:00:00+00:00", **days}
    assert [(node["name"], node["metrics"]) for node in data["campaigns"]["nodes"]] == [
        ("Alpha", {**hanoi, "hasData": True}),
        ("Beta", {**hanoi, "hasData": True}),
        ("Coast", {**angeles, "hasData": True}),
        ("Dune", {**angeles, "hasData": False}),
        ("Edo", {**tokyo, "hasData": True}),
    ]
    # Ad sets were fetched last when a row came, at 17:15.
    own = {"hasData": True, "syncedAt": "2026-03-08T17:15:00+00:00", "from": "2026-03-02", "to": "2026-03-08"}
    assert data["adsets"]["nodes"] == [{"metrics": own}]


async def test_days_that_nobody_fetched_have_no_figures(golden: GoldenWorld) -> None:
    day = {"custom": {"from": "2026-02-10", "to": "2026-02-10"}}
    facts = (await golden.ask(FACTS, range=day))["campaigns"]["nodes"][0]
    figures = (await golden.ask(FIGURES, range=day))["campaigns"]["nodes"][0]

    dates = {"from": "2026-02-10", "to": "2026-02-10"}
    assert facts["metrics"] == {"currency": "USD", "hasData": False, "syncedAt": None, "isFinal": False, **dates}
    assert figures["metrics"] == NOTHING
