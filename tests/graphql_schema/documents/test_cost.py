"""What operations cost: figures worked out by hand, from the weights that `graphql_schema.costs.weights` names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from app.metrics.definitions import METRICS
from graphql_schema.costs.expressions import Known
from tests.graphql_schema.documents.conftest import request

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql_schema.documents.prepared import PreparedOperation
    from graphql_schema.documents.preparing import Documents, Preparation

    Prepare = Callable[[str], Preparation]

LIMIT = 2_000_000
NUMBERS = " ".join(metric.graphql_name for metric in METRICS)
ENTITY = f"id name externalId status deliveryStatus deliveryReason createdAt updatedAt metrics {{ {NUMBERS} }}"
# An entity is 1, its fields 8, its metrics 1, their reading 5 and each number 1.
AN_ENTITY = 1 + 8 + 1 + 5 + len(METRICS)
# The operation, a connection and its reading; what nests has its connection and reading for each parent.
ROOT, NESTED = 1 + 1 + 5, 1 + 5
# Going through a day of everything that a list matches: of the seller, or of one parent.
SCAN, SCAN_BELOW = 100, 1


def console(first: str, second: str, third: str) -> str:
    ads = f"ads{third} {{ nodes {{ {ENTITY} }} }}"
    return f"{{ campaigns{first} {{ nodes {{ {ENTITY} adsets{second} {{ nodes {{ {ENTITY} {ads} }} }} }} }} }}"


@pytest.fixture
def cost(prepare: Prepare) -> Callable[..., int]:
    def _cost(text: str, **variables: Any) -> int:
        return prepare(text).operation.cost(variables)

    return _cost


def test_a_page_of_campaigns_with_their_total(cost: Callable[..., int]) -> None:
    found = cost(f"{{ campaigns(first: 100) {{ nodes {{ {ENTITY} }} summary {{ {NUMBERS} }} }} }}")

    assert found == ROOT + 100 * AN_ENTITY + (50 + 7 * SCAN + 1 + len(METRICS))
    assert found < LIMIT / 50


def test_three_levels_as_a_console_shows_them(cost: Callable[..., int]) -> None:
    small = cost(console("(first: 20)", "(first: 5)", "(first: 4)"))
    by_default = cost(console("(first: 20)", "", ""))

    assert small == ROOT + 20 * (AN_ENTITY + NESTED + 5 * (AN_ENTITY + NESTED + 4 * AN_ENTITY))
    assert by_default == ROOT + 20 * (AN_ENTITY + NESTED + 20 * (AN_ENTITY + NESTED + 20 * AN_ENTITY))
    assert small < by_default < cost(console("(first: 20)", "(first: 50)", "(first: 50)")) < LIMIT


@pytest.mark.parametrize(
    "text",
    [
        console("(first: 100)", "(first: 50)", "(first: 50)"),
        "{ ad(id: 1) { " + "campaign { adsets { nodes { ads { nodes { " * 3 + "id" + " } } } } }" * 3 + " } }",
        "{ ads { nodes { " + "campaign { adsets { nodes { ads { nodes { " * 2 + "id" + " } } } } }" * 2 + " } } }",
    ],
)
def test_what_goes_round_or_multiplies_is_over_the_limit(cost: Callable[..., int], text: str) -> None:
    assert cost(text) > LIMIT


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        ("", 20),
        ("(first: null)", 20),
        ("(first: 3)", 3),
        ("(last: 4)", 4),
        ("(first: 1000000)", 100),
        ("(first: 0)", 1),
        ("(first: -5)", 1),
    ],
)
def test_a_page_counts_as_large_as_it_may_be(cost: Callable[..., int], arguments: str, size: int) -> None:
    assert cost(f"{{ sellpages{arguments} {{ nodes {{ id }} }} }}") == ROOT + size * 2


@pytest.mark.parametrize(
    ("value", "size"),
    [(7, 7), (7.0, 7), (None, 20), ("many", 20), (True, 20), ([3], 20), (10**30, 100), (float("inf"), 100), (-1, 1)],
)
def test_a_variable_counts_as_its_value(cost: Callable[..., int], value: object, size: int) -> None:
    text = "query ($n: Int) { sellpages(first: $n) { nodes { id } } }"

    assert cost(text, n=value) == ROOT + size * 2


def test_a_variable_that_is_not_given_has_its_default(cost: Callable[..., int]) -> None:
    text = "query ($n: Int = 9) { sellpages(first: $n) { nodes { id } } }"

    assert cost(text) == ROOT + 9 * 2
    assert cost(text, n=2) == ROOT + 2 * 2
    assert cost(text, n=None) == ROOT + 20 * 2


def test_aliases_are_many_and_merged_fields_are_one(cost: Callable[..., int]) -> None:
    once = cost("{ viewer { role } }")

    assert cost("{ a: viewer { role } b: viewer { role } }") == 2 * (once - 1) + 1
    assert cost("{ viewer { role } viewer { role } ...F } fragment F on Query { viewer { role } }") == once
    assert cost("{ viewer { role } viewer { user { name } } }") == once + 2


def test_the_name_of_a_type_costs_as_much_as_any_other_value(cost: Callable[..., int]) -> None:
    names = [f"a{number}: __typename" for number in range(200)]

    assert cost(f"{{ {' '.join(names[:20])} }}") == 1 + 20
    assert cost(f"{{ sellpages(first: 9) {{ nodes {{ {' '.join(names)} }} }} }}") == ROOT + 9 * (1 + 200)


def test_ids_are_counted(cost: Callable[..., int]) -> None:
    text = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"

    assert cost('{ nodes(ids: ["a", "b", "c"]) { id } }') == 1 + 3 * (1 + 2 + 1)
    assert cost(text, ids=["a"] * 7) == 1 + 7 * 4
    assert cost(text, ids="a") == 1 + 4
    assert cost(text, ids=["a"] * 5000) == 1 + 100 * 4
    update = "mutation ($i: SetStatusInput!) { setStatus(input: $i) { succeeded } }"
    assert cost(update, i={"ids": ["a"] * 30}) == 1 + 500 + 1 + 30
    inside = "mutation ($ids: [ID!]!) { setStatus(input: {level: AD, action: PAUSE, ids: $ids}) { succeeded } }"
    assert cost(inside, ids=["a"] * 30) == 1 + 500 + 1 + 30


@pytest.mark.parametrize(
    ("variables", "expected"),
    [({"on": True, "off": False}, 4), ({"on": False, "off": False}, 1), ({"on": True, "off": True}, 1)],
)
def test_what_is_left_out_costs_nothing(cost: Callable[..., int], variables: dict[str, bool], expected: int) -> None:
    text = "query ($on: Boolean!, $off: Boolean!) { viewer @include(if: $on) @skip(if: $off) { %s } }"
    nested = text % "role @skip(if: true) user @include(if: false) { name }"
    assert cost(nested, **variables) == expected
    either = "query ($on: Boolean!, $off: Boolean!) { a: __typename @include(if: $on) a: __typename @skip(if: $off) }"
    assert cost(either, **variables) == (1 if not variables["on"] and variables["off"] else 2)


def test_a_fragment_that_is_left_out_is_left_out_of_merged_fields(cost: Callable[..., int]) -> None:
    text = """query ($more: Boolean!) { viewer { role } ...More @include(if: $more) }
      fragment More on Query { viewer { user { id name } } }"""

    assert cost(text, more=True) == cost(text, more=False) + 3


def test_an_abstract_type_costs_what_its_dearest_does(cost: Callable[..., int]) -> None:
    text = '{ node(id: "x") { id ... on Campaign { name status } ... on Ad { name } ... on AdEntity { externalId } } }'

    assert cost(text) == 1 + 2 + 1 + 4


@pytest.mark.parametrize(
    ("arguments", "points"),
    [
        ("granularity: DAY", 7),
        ("granularity: DAY, range: {preset: LAST_90_DAYS}", 90),
        ("granularity: WEEK, range: {preset: LAST_90_DAYS}", 14),
        ("granularity: MONTH, range: {preset: LAST_90_DAYS}", 5),
        ("granularity: DAY, range: {preset: LIFETIME}", 1127),
        ('granularity: DAY, range: {custom: {from: "2026-01-01", to: "2026-01-31"}}', 31),
        ('granularity: DAY, range: {custom: {from: "0001-01-01", to: "9999-12-31"}}', 1127),
        ('granularity: DAY, range: {custom: {from: "2026-02-01", to: "2026-01-01"}}', 1),
    ],
)
def test_a_series_counts_its_points(cost: Callable[..., int], arguments: str, points: int) -> None:
    text = f'{{ campaign(id: "x") {{ series({arguments}) {{ from metrics {{ spend }} }} }} }}'

    # The operation, the campaign and its reading; the series' reading; a point: itself, its reading, three values.
    assert cost(text) == 1 + 3 + 5 + points * (2 + 3)


def test_the_range_of_a_list_is_inherited(cost: Callable[..., int]) -> None:
    series = "series(granularity: DAY) { from }"
    text = (
        "query ($r: DateRangeInput) { campaigns(first: 1, range: $r) { nodes { adsets(first: 1) { nodes { %s } } } } }"
    )

    week, month = cost(text % series), cost(text % series, r={"preset": "LAST_30_DAYS"})
    assert month - week == (30 - 7) * 3
    own = "series(granularity: DAY, range: {preset: TODAY}) { from }"
    assert cost(text % own, r={"preset": "LIFETIME"}) == week - 6 * 3


def test_numbers_of_the_past_cost_more_wherever_they_are_inherited(cost: Callable[..., int]) -> None:
    text = "{ campaigns(first: 10%s) { nodes { metrics { spend } } summary { spend } } }"

    assert cost(text % ', asOf: "2026-01-01T00:00:00Z"') == cost(text % "") + 20 + 10 * 40 + 200 + 2 * 7 * SCAN


def test_a_choice_of_the_clients_costs_more(cost: Callable[..., int]) -> None:
    text = "query ($f: CampaignFilter) { campaigns(filter: $f%s) { totalCount } }"

    assert cost(text % "", f={"name": "x"}) == cost(text % "") + 50
    assert cost(text % ", orderBy: {field: NAME}") == cost(text % "") + 50


SPEND = {"metrics": [{"metric": "SPEND", "op": "GTE", "value": "1"}]}


@pytest.mark.parametrize(
    ("arguments", "filter_", "scans"),
    [
        ("orderBy: {field: SPEND}", None, 1),
        ("orderBy: [{field: NAME}, {field: ROAS}]", None, 1),
        ("orderBy: {field: ROAS, change: RELATIVE}", None, 2),
        ("orderBy: {field: NAME}", SPEND, 1),
        ("orderBy: {field: NAME}", {"adset": {"campaign": SPEND}}, 1),
        ("orderBy: {field: NAME}", {"name": "x", "adset": {"name": "x"}}, 0),
    ],
)
def test_a_list_that_metrics_choose_costs_each_day_of_its_range(
    cost: Callable[..., int], arguments: str, filter_: object, scans: int
) -> None:
    text = "query ($f: AdFilter, $r: DateRangeInput) { ads(range: $r, filter: $f, %s) { totalCount } }"
    plain = cost(text % "orderBy: {field: NAME}")

    assert cost(text % arguments, f=filter_) == plain + scans * 7 * SCAN
    assert cost(text % arguments, f=filter_, r={"preset": "LIFETIME"}) == plain + scans * 1127 * SCAN


@pytest.mark.parametrize(
    ("field", "scans"),
    [
        ("totalCount", 0),
        ("summary { spend }", 1),
        ("summaries { spend }", 1),
        ("comparison(to: {period: PREVIOUS_PERIOD}) { current { spend } }", 2),
        ("comparisons(to: {period: PREVIOUS_PERIOD}) { current { spend } }", 2),
    ],
)
def test_what_goes_through_all_that_a_list_matches_costs_each_day(
    cost: Callable[..., int], field: str, scans: int
) -> None:
    text = f"query ($r: DateRangeInput) {{ campaigns(range: $r, first: 10) {{ {field} }} }}"
    below = f"query ($r: DateRangeInput) {{ campaigns(range: $r, first: 10) {{ nodes {{ ads {{ {field} }} }} }} }}"
    week, month = {"preset": "LAST_7_DAYS"}, {"preset": "LAST_30_DAYS"}

    assert cost(text, r=month) - cost(text, r=week) == scans * 23 * SCAN
    assert cost(below, r=month) - cost(below, r=week) == 10 * scans * 23 * SCAN_BELOW


def test_a_reconciliation_goes_through_the_ads_of_one_parent(cost: Callable[..., int]) -> None:
    text = "query ($r: DateRangeInput) { campaigns(range: $r, first: 10) { nodes { reconciliation { agrees } } } }"

    assert cost(text, r={"preset": "LAST_30_DAYS"}) - cost(text) == 10 * 2 * 23 * SCAN_BELOW


def test_a_restatement_is_searched_for_each_day(cost: Callable[..., int]) -> None:
    text = 'query ($r: DateRangeInput!) { campaign(id: "x") { restatements(range: $r) { date } } }'

    assert cost(text, r={"preset": "LAST_7_DAYS"}) == 1 + (1 + 2) + 10 + 7 * (1 + 8 + 1)


def test_a_login_pays_for_its_hash(cost: Callable[..., int]) -> None:
    text = 'mutation { login(input: {email: "a@b.example", password: "c"}) { expiresAt } }'

    assert cost(text) == 1 + 1000 + (1 + 1)


@pytest.mark.parametrize(
    "text",
    [
        "mutation { enqueueSync { run { id } } }",
        'mutation { backfill(input: {from: "2026-01-01", to: "2026-01-02"}) { run { id } } }',
        'mutation { cancelSync(input: {runId: "x"}) { run { id } } }',
        'mutation { retrySync(input: {runId: "x"}) { run { id } } }',
        'mutation { rotateToken(input: {connectionId: "x", accessToken: "y"}) { run { id } } }',
        'mutation { setStatus(input: {level: AD, ids: ["x"], action: PAUSE}) { succeeded } }',
        'subscription { syncProgress(runId: "x") { percent } }',
        "subscription { statsSynced { __typename } }",
    ],
)
def test_what_starts_work_costs_far_more_than_its_answer(cost: Callable[..., int], text: str) -> None:
    assert cost(text) >= 500


def test_digits_that_python_does_not_read_are_no_fault(cost: Callable[..., int]) -> None:
    """An ID may be written as a number of any length."""
    assert cost("{ nodes(ids: %s) { id } }" % ("9" * 5000)) == 1 + 4


def test_what_does_not_depend_on_variables_is_known(prepare: Prepare) -> None:
    """So that pricing it again is the reading of a number."""
    operation: PreparedOperation = prepare(console("(first: 20)", "(first: 5)", "(first: 4)")).operation

    assert isinstance(operation.cost_plan, Known)


def test_the_setting_of_the_longest_range_counts(open_documents: Callable[..., Documents]) -> None:
    text = '{ campaign(id: "x") { series(granularity: DAY, range: {preset: LIFETIME}) { from } } }'
    short = open_documents(max_range_days=100).prepare(request(text)).operation.cost({})

    assert short == 1 + 3 + 5 + 100 * 3
