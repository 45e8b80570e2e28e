"""Orders as SQL: what is a value is never in the text."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from app.metrics.periods import Period
from app.metrics.ranges import Preset, RangeSpec
from app.queries.lists.orders import ID, MetricKey, Order, SortKey
from app.queries.lists.parameters import Parameters

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

    assert order.write_columns("e", backwards=False) == "e.name ASC, e.status DESC, e.id DESC"
    assert order.write_columns("e", backwards=True) == "e.name DESC, e.status ASC, e.id ASC"


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


def test_nulls_come_last_whichever_way_a_key_runs() -> None:
    goal = SortKey("goal", "text", nullable=True)

    assert Order.by(goal).write_columns("e", backwards=False) == "e.goal ASC NULLS LAST, e.id ASC"
    assert Order.by(goal).write_columns("e", backwards=True) == "e.goal DESC NULLS FIRST, e.id DESC"
    down = Order.by(goal._replace(descending=True))
    assert down.write_columns("e", backwards=False) == "e.goal DESC NULLS LAST, e.id DESC"


def test_a_position_without_a_value_stands_behind_all_that_have_one() -> None:
    order = Order.by(SortKey("goal", "text", nullable=True))

    def after(*position: object, backwards: bool) -> str:
        return order.after(position, Parameters(SELLER), backwards=backwards)

    assert after("a", 7, backwards=False) == (
        "((e.goal > $2::text OR e.goal IS NULL) OR e.goal = $2::text AND e.id > $3::uuid)"
    )
    assert after("a", 7, backwards=True) == "(e.goal < $2::text OR e.goal = $2::text AND e.id < $3::uuid)"
    assert after(None, 7, backwards=False) == "(e.goal IS NULL AND e.id > $2::uuid)"
    assert after(None, 7, backwards=True) == "(e.goal IS NOT NULL OR e.goal IS NULL AND e.id < $2::uuid)"


def test_an_order_that_syncs_change_is_pinned() -> None:
    assert not Order.by(NAME).pinned
    assert Order.by(NAME, SortKey("delivery_status", "text", volatile=True)).pinned
    assert Order.by(MetricKey("roas", Period(RangeSpec(Preset.TODAY)))).pinned
