"""Orders and conditions as SQL: what is a value is never in the text."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from app.metrics.levels import Level
from app.queries.clauses import ID, Order, Parameters, SortKey, name_contains
from app.queries.entity_filter import EVERYTHING, EntityFilter

SELLER = UUID("01900000-0000-7000-8000-000000000001")
NAME, STATUS = SortKey("name", "text"), SortKey("status", "text", descending=True)


class Row(NamedTuple):
    id: int
    name: str
    status: str


def test_the_id_ends_every_order_and_runs_the_way_of_the_last_key() -> None:
    assert Order.by(NAME).keys == (NAME, ID)
    assert Order.by(NAME, STATUS).keys == (NAME, STATUS, ID._replace(descending=True))
    assert Order.by(ID).keys == (ID,)
    assert Order.by(ID._replace(descending=True)).keys == (ID._replace(descending=True),)


def test_of_a_column_that_is_named_twice_the_first_counts() -> None:
    assert Order.by(NAME, STATUS, NAME._replace(descending=True)).keys[:2] == (NAME, STATUS)


def test_backwards_turns_every_key_round() -> None:
    order = Order.by(NAME, STATUS)

    assert order.write("e", backwards=False) == "e.name ASC, e.status DESC, e.id DESC"
    assert order.write("e", backwards=True) == "e.name DESC, e.status ASC, e.id ASC"


def test_a_position_becomes_a_condition_of_parameters() -> None:
    order, parameters = Order.by(NAME, STATUS), Parameters(SELLER)
    position = order.position_of(Row(7, "'; DROP", "ACTIVE"))

    text = order.after(position, parameters, backwards=False)

    assert text == (
        "(e.name > $2::text"
        " OR e.name = $2::text AND e.status < $3::text"
        " OR e.name = $2::text AND e.status = $3::text AND e.id < $4::uuid)"
    )
    assert parameters.values == [SELLER, "'; DROP", "ACTIVE", 7]


def test_the_signs_of_like_are_escaped_in_a_name() -> None:
    condition = name_contains("50%_\\")

    assert condition.value == "%50\\%\\_\\\\%"
    assert condition.write(Parameters(SELLER)) == "e.name ILIKE $2::text"


def test_none_does_not_restrict_and_an_empty_list_does() -> None:
    assert EVERYTHING.conditions(Level.AD) == ()
    assert [c.value for c in EntityFilter(ids=()).conditions(Level.AD)] == [()]


def test_what_only_campaigns_have_is_asked_of_the_campaign_with_its_seller() -> None:
    filtered = EntityFilter(sellpage_ids=(SELLER,))

    assert filtered.conditions(Level.CAMPAIGN)[0].text == "e.sellpage_id = ANY({})"
    assert filtered.conditions(Level.ADSET)[0].text == (
        "e.campaign_id IN (SELECT c.id FROM campaigns AS c WHERE c.seller_id = $1 AND c.sellpage_id = ANY({}))"
    )
