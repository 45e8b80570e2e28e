"""Conditions as SQL: what is a value is never in the text."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from app.metrics.levels import Level
from app.metrics.operators import Operator
from app.metrics.periods import Period
from app.metrics.ranges import Preset, RangeSpec
from app.queries.lists.conditions import (
    Condition,
    MetricCondition,
    OfParent,
    name_contains,
    name_starts,
    without_metrics,
)
from app.queries.lists.entities import ENTITIES
from app.queries.lists.entity_filter import EVERYTHING, EntityFilter
from app.queries.lists.name_folding import folded
from app.queries.lists.parameters import Parameters
from app.queries.lists.selects import Select

SELLER = UUID("01900000-0000-7000-8000-000000000001")
SPENT = MetricCondition("spend", Operator.GT, Decimal(50), Period(RangeSpec(Preset.TODAY)), "filter.metrics.0.metric")
SOLD = SPENT._replace(metric="purchases")


def written(condition: Condition) -> tuple[str, list[object]]:
    parameters = Parameters(SELLER)
    return condition.write(Select(ENTITIES[Level.AD], parameters)), parameters.values[1:]


def test_a_name_is_made_the_same_on_both_sides_and_the_text_is_a_value() -> None:
    name, given = folded("e.name"), f"(SELECT {folded('given.text')} FROM (SELECT $2::text AS text) AS given)"
    assert written(name_contains("50%_\\")) == (f"strpos({name}, {given}) > 0", ["50%_\\"])
    assert written(name_starts("50%")) == (f"starts_with({name}, {given})", ["50%"])


def test_none_does_not_restrict_and_an_empty_list_does() -> None:
    assert EVERYTHING.conditions(Level.AD) == ()
    (nothing,) = EntityFilter(ids=()).conditions(Level.AD)
    assert written(nothing) == ("e.id = ANY($2::uuid[])", [()])


def test_what_only_campaigns_have_is_asked_of_the_campaign_with_its_seller() -> None:
    filtered = EntityFilter(sellpage_ids=(SELLER,))

    (own,) = filtered.conditions(Level.CAMPAIGN)
    (parents,) = filtered.conditions(Level.ADSET)

    assert written(own)[0] == "e.sellpage_id = ANY($2::uuid[])"
    assert " ".join(written(parents)[0].split()) == (
        "e.campaign_id IN ( SELECT e.id FROM campaigns AS e"
        " WHERE e.seller_id = $1 AND TRUE AND e.sellpage_id = ANY($2::uuid[]) )"
    )


def test_money_is_compared_by_money_alone() -> None:
    assert SPENT.money_argument == "filter.metrics.0.metric"
    assert SOLD.money_argument is None
    assert OfParent("e.campaign_id", ENTITIES[Level.CAMPAIGN], (SOLD, SPENT)).money_argument == SPENT.argument


def test_without_its_numbers_a_filter_says_the_rest() -> None:
    named = name_contains("x")
    parents = OfParent("e.campaign_id", ENTITIES[Level.CAMPAIGN], (named, SPENT))

    assert without_metrics((named, SPENT, parents)) == (named, parents._replace(conditions=(named,)))
    assert without_metrics((parents._replace(conditions=(SPENT,)),)) == ()
