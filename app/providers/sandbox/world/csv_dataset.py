"""An ad account made from a CSV data set of ad results, one ad and day a line.

The columns' meanings: xyz_campaign_id is the campaign, fb_campaign_id the ad set, ad_id the ad. Clicks are link
clicks, Approved_Conversion purchases, Total_Conversion enquiries, which are the nearest to a started checkout. There
is no purchase value.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app.errors import SetupError
from app.providers.sandbox.world.csv_rows import CsvRow, read_rows
from app.providers.sandbox.world.dataset import Account, AdDay, Delivered, Entity, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from app.providers.sandbox.world.dataset import Activity

CSV_ACCOUNT_ID = "4820000000000916"
CSV_ACCESS_TOKEN = "sandbox-csv-account"  # noqa: S105  # opens nothing but the sandbox
CSV_TIME_ZONE = "America/New_York"
CSV_CURRENCY = "USD"

_GENDERS = {"M": [1], "F": [2]}
_DAILY_BUDGET = 5000


@dataclass(frozen=True, slots=True)
class RecordedDelivery:
    """Numbers that are what they are, whatever is switched on or off later."""

    first_day: date
    days: Mapping[date, Sequence[AdDay]]

    def list_ad_days(self, day: date, activity: Activity) -> Sequence[AdDay]:  # noqa: ARG002  # the source's shape
        return self.days.get(day, ())


def read_csv_account(path: Path, *, today: date) -> Account:
    """The account of a file, its newest day shifted to the day before `today`. Raises SetupError."""
    rows = read_rows(path)
    shift = today - timedelta(days=1) - max(row.day for row in rows)
    first_day = min(row.day for row in rows) + shift
    created_at = datetime.combine(first_day, time(), tzinfo=ZoneInfo(CSV_TIME_ZONE)).astimezone(UTC)
    return Account(
        id=CSV_ACCOUNT_ID,
        name="CSV data set",
        currency=CSV_CURRENCY,
        time_zone=CSV_TIME_ZONE,
        access_token=CSV_ACCESS_TOKEN,
        entities=_entities(path, rows, created_at),
        delivery=RecordedDelivery(first_day, _days(rows, shift)),
    )


def _days(rows: Sequence[CsvRow], shift: timedelta) -> Mapping[date, Sequence[AdDay]]:
    """By day; an ad that has several lines of one day gets their sum."""
    days: defaultdict[date, dict[str, Delivered]] = defaultdict(dict)
    for row in rows:
        ads = days[row.day + shift]
        new = Delivered(
            spend=row.spent,
            impressions=row.impressions,
            clicks=row.clicks,
            link_clicks=row.clicks,
            checkouts=row.conversions,
            purchases=row.approved,
        )
        have = ads.get(row.ad_id, Delivered())
        ads[row.ad_id] = Delivered(*(one + other for one, other in zip(have, new, strict=True)))
    return {day: [AdDay(ad_id, delivered) for ad_id, delivered in ads.items()] for day, ads in days.items()}


def _entities(path: Path, rows: Sequence[CsvRow], created_at: datetime) -> tuple[Entity, ...]:
    entities: dict[str, Entity] = {}
    for row in rows:
        campaign = Entity(
            kind=Kind.CAMPAIGN,
            id=row.campaign_id,
            name=f"Campaign {row.campaign_id}",
            created_at=created_at,
        )
        adset = Entity(
            kind=Kind.ADSET,
            id=row.adset_id,
            parent_id=row.campaign_id,
            name=f"Ad set {row.adset_id}",
            created_at=created_at,
            daily_budget=_DAILY_BUDGET,
            targeting=_targeting(row),
        )
        ad = Entity(
            kind=Kind.AD,
            id=row.ad_id,
            parent_id=row.adset_id,
            name=f"{row.gender} {row.ages} interest {row.interest} ({row.ad_id})",
            created_at=created_at,
        )
        for column, new in (("xyz_campaign_id", campaign), ("fb_campaign_id", adset), ("ad_id", ad)):
            have = entities.setdefault(new.id, new)
            if (have.kind, have.parent_id) != (new.kind, new.parent_id):
                raise SetupError(
                    f"The data set {path}, line {row.line}, column {column}: "
                    f"{new.id} already stands elsewhere as {have.kind} of {have.parent_id or 'the account'}.",
                )
    return tuple(sorted(entities.values(), key=lambda entity: (len(entity.id), entity.id)))


def _targeting(row: CsvRow) -> Mapping[str, object]:
    lowest, _, highest = row.ages.rstrip("+").partition("-")
    targeting: dict[str, object] = {"age_min": int(lowest), "age_max": int(highest or "65")}
    if row.gender in _GENDERS:
        targeting["genders"] = _GENDERS[row.gender]
    return targeting | {"flexible_spec": [{"interests": [{"id": row.interest}]}]}
