"""Ranges of days as clients write them."""

from datetime import date
from typing import Annotated, Any

import strawberry

from app import clock
from app.errors import InputError
from app.metrics.ranges import RangeSpec, custom, resolve
from graphql_schema.types.enums import Preset  # described there, before a type uses it

DEFAULT_DAYS = RangeSpec(Preset.LAST_7_DAYS)


@strawberry.input(description="Fixed days in the ad account's time zone, both included.")
class CustomRangeInput:
    from_: date = strawberry.field(name="from", description="The first day.")
    to: date = strawberry.field(description="The last day; not before `from`.")


@strawberry.input(one_of=True, description="A range of days: exactly one of a preset or fixed days.")
class DateRangeInput:
    preset: Preset | None = strawberry.field(
        default=strawberry.UNSET,
        description="Days relative to today in each ad account's time zone.",
    )
    custom: CustomRangeInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="Fixed days.",
    )


RangeArgument = Annotated[
    DateRangeInput | None,
    strawberry.argument(
        name="range",
        description="The days to sum. Null: the last 7 days, today included.",
    ),
]
InheritedRangeArgument = Annotated[
    DateRangeInput | None,
    strawberry.argument(
        name="range",
        description="The days to sum. Null: the range of the enclosing list or, outside of one, the last 7 days.",
    ),
]


def read_range(
    given: DateRangeInput | None,
    *,
    max_range_days: int,
    inherited: RangeSpec = DEFAULT_DAYS,
    argument: str = "range",
) -> RangeSpec:
    """The range that was asked for. Raises InputError naming the part that is wrong, such as `range.custom.from`."""
    if given is None:
        return inherited
    preset, days = _chosen(given.preset), _chosen(given.custom)
    if isinstance(days, CustomRangeInput):
        found = custom(days.from_, days.to, max_range_days=max_range_days, argument=f"{argument}.custom")
        return RangeSpec(found)
    if preset is None:
        raise InputError(argument, "must have exactly one of preset and custom")
    resolve(preset, today=clock.now().date(), max_range_days=max_range_days, argument=argument)
    return RangeSpec(preset)


def _chosen(value: Any) -> Any:
    return None if value is strawberry.UNSET else value
