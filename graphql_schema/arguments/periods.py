"""What numbers are measured over, as clients write it: a range of days and the instant whose knowledge counts."""

from datetime import datetime, timedelta
from typing import Annotated

import strawberry

from app import clock
from app.errors import InputError
from app.metrics.periods import Period
from graphql_schema.arguments.date_range import DEFAULT_DAYS, DateRangeInput, read_range
from graphql_schema.context import Info

DEFAULT_PERIOD = Period(DEFAULT_DAYS)

_MEANING = (
    "Metrics as they were known at this past instant, from the kept snapshots; presets are relative to it. "
    "Names and statuses are always current. LIFETIME goes back as far as the kept snapshots. Numbers count from when "
    "they were fetched, even if their sync is still being written, so the last few minutes may change once more."
)
AsOfArgument = Annotated[
    datetime | None,
    strawberry.argument(
        description=f"{_MEANING} Entities that were first synced later are not listed. Null: as they are known now.",
    ),
]
InheritedAsOfArgument = Annotated[
    datetime | None,
    strawberry.argument(
        description=f"{_MEANING} Null: the instant of the enclosing list or, outside of one, now.",
    ),
]


def read_period(
    info: Info,
    range_: DateRangeInput | None,
    as_of: datetime | None = None,
    *,
    inherited: Period = DEFAULT_PERIOD,
) -> Period:
    """The period that was asked for. Raises InputError naming `asOf`, or the part of `range` that is wrong."""
    if range_ is None and as_of is None:
        return inherited
    days = read_range(range_, max_range_days=info.context.max_range_days, inherited=inherited.days)
    return Period(days, inherited.as_of if as_of is None else _read_instant(info, as_of))


def _read_instant(info: Info, as_of: datetime) -> datetime:
    """Checked roughly, so that it is an instant of this age; its days are checked in each account's zone."""
    kept = info.context.services.settings.raw_retention_days
    if as_of > clock.now():
        raise InputError("asOf", "must not be in the future")
    if as_of < clock.now() - timedelta(days=kept + 1):
        raise InputError("asOf", f"must be within the last {kept} days: what was known earlier is no longer kept")
    return as_of
