from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
import pytest_asyncio

from app.errors import SetupError
from app.providers.sandbox.world.worlds import CSV_ACCESS_TOKEN, CSV_ACCOUNT_ID, World, csv_world, demo_world
from tests.sandbox.asking import Asking, asking

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

HEADER = (
    "Date,ad_id,xyz_campaign_id,fb_campaign_id,age,gender,interest,"
    "Impressions,Clicks,Spent,Total_Conversion,Approved_Conversion"
)
ROWS = (
    "28-02-2024,501,9,71,30-34,M,15,1000,2,1.429999948,3,1",
    "28-02-2024,502,9,71,35-39,F,16,500,1,0.004999,0,0",
    "29-02-2024,503,9,72,45-49,F,16,50,0,0.005,0,0",
    "02-03-2024,501,9,71,30-34,M,15,10,1,0.1,1,1",
    "02-03-2024,501,9,71,30-34,M,15,20,0,0.2,0,0",
    "2024-03-02,504,10,73,40-44,M,7,5000000000,9,2,4,2",
)
TODAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
REAL = Path(__file__).parents[4] / "shared" / "data" / "kag_conversion.csv"
ACCOUNT = f"act_{CSV_ACCOUNT_ID}"


def write(path: Path, *rows: str, header: str = HEADER) -> Path:
    file = path / "ads.csv"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return file


@pytest_asyncio.fixture
async def small(tmp_path: Path) -> AsyncGenerator[Asking]:
    world = csv_world(write(tmp_path, *ROWS), today=TODAY)
    async with asking(world, token=CSV_ACCESS_TOKEN, at=NOON) as asked:
        yield asked


async def test_campaigns_ad_sets_and_ads(small: Asking) -> None:
    assert await small.ids(f"{ACCOUNT}/campaigns") == ["9", "10"]
    assert await small.rows(f"{ACCOUNT}/adsets", fields="campaign_id,name,targeting") == [
        {"campaign_id": "9", "name": "Ad set 71", "targeting": targeting(30, 34, 1, "15"), "id": "71"},
        {"campaign_id": "9", "name": "Ad set 72", "targeting": targeting(45, 49, 2, "16"), "id": "72"},
        {"campaign_id": "10", "name": "Ad set 73", "targeting": targeting(40, 44, 1, "7"), "id": "73"},
    ]
    ads = await small.rows(f"{ACCOUNT}/ads", fields="adset_id,campaign_id,effective_status,created_time")
    made = {"effective_status": "ACTIVE", "created_time": "2026-11-18T00:00:00-0500"}
    assert ads == [
        {"adset_id": "71", "campaign_id": "9", **made, "id": "501"},
        {"adset_id": "71", "campaign_id": "9", **made, "id": "502"},
        {"adset_id": "72", "campaign_id": "9", **made, "id": "503"},
        {"adset_id": "73", "campaign_id": "10", **made, "id": "504"},
    ]


def targeting(age_min: int, age_max: int, gender: int, interest: str) -> dict[str, object]:
    interests = {"flexible_spec": [{"interests": [{"id": interest}]}]}
    return {"age_min": age_min, "age_max": age_max, "genders": [gender], **interests}


async def test_days_are_shifted_to_yesterday_with_their_gaps(small: Asking) -> None:
    rows = await small.rows(
        f"{ACCOUNT}/insights",
        level="ad",
        time_increment="1",
        date_preset="last_30d",
        fields="ad_id,spend,impressions,inline_link_clicks",
    )
    assert [(row["ad_id"], row["date_start"], row.get("spend"), row["impressions"]) for row in rows] == [
        ("501", "2026-11-18", "1.43", "1000"),
        ("501", "2026-11-21", "0.3", "30"),
        ("502", "2026-11-18", None, "500"),
        ("503", "2026-11-19", "0.01", "50"),
        ("504", "2026-11-21", "2", "5000000000"),
    ]


async def test_conversions_become_purchases_and_checkouts_and_nothing_else(small: Asking) -> None:
    [row] = await small.rows(f"{ACCOUNT}/insights", date_preset="last_30d", fields="actions,action_values,clicks")
    types = {str(each["action_type"]).rpartition("_")[2] for each in cast("list[dict[str, str]]", row["actions"])}
    assert types == {"click", "engagement", "checkout", "purchase"}
    assert "action_values" not in row
    assert row["clicks"] == "13"


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ("28-02-2024,501,9,71,30-34,M,15,1000,2,abc,3,1", "line 3, column Spent: 'abc' is not a decimal number"),
        ("28-02-2024,501,9,71,30-34,M,15,1000,2,NaN,3,1", "line 3, column Spent: 'NaN' is not an amount"),
        ("28-02-2024,501,9,71,30-34,M,15,1000,2,-1,3,1", "line 3, column Spent: '-1' is not an amount"),
        ("28-02-2024,501,9,71,30-34,M,15,1e3,2,1,3,1", "line 3, column Impressions: '1e3' is not a whole number"),
        ("28-02-2024,501,9,71,30-34,M,15,9,-2,1,3,1", "line 3, column Clicks: '-2' is not a whole number"),
        ("31-02-2024,501,9,71,30-34,M,15,9,2,1,3,1", "line 3, column Date: '31-02-2024' is not a date"),
        ("28-02-2024,x1,9,71,30-34,M,15,9,2,1,3,1", "line 3, column ad_id: 'x1' is not an id"),
        ("28-02-2024,501,9,71,young,M,15,9,2,1,3,1", "line 3, column age: 'young' is not an age range"),
        ("28-02-2024,501,9,71,30-34,M,15,9,2,1,3", "line 3, column Approved_Conversion: the line has 11 cells, 12 are"),
        ("28-02-2024,500,10,71,30-34,M,15,9,2,1,3,1", "line 3, column fb_campaign_id: 71 already stands elsewhere"),
        ("28-02-2024,71,9,72,30-34,M,15,9,2,1,3,1", "line 3, column ad_id: 71 already stands elsewhere"),
    ],
)
def test_a_bad_cell_is_named_by_line_and_column(tmp_path: Path, row: str, place: str) -> None:
    with pytest.raises(SetupError) as caught:
        csv_world(write(tmp_path, ROWS[0], row), today=TODAY)
    assert place in str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="line 1, column Clicks: must stand in the header exactly once"):
        csv_world(write(tmp_path, header=HEADER.replace("Clicks", "clicks")), today=TODAY)
    with pytest.raises(SetupError, match="has no line after its header"):
        csv_world(write(tmp_path), today=TODAY)
    with pytest.raises(SetupError, match="can't be opened: No such file or directory"):
        csv_world(tmp_path / "missing.csv", today=TODAY)
    (tmp_path / "latin.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(SetupError, match="is not UTF-8 text"):
        csv_world(tmp_path / "latin.csv", today=TODAY)


def test_two_worlds_stand_side_by_side_once_each(tmp_path: Path) -> None:
    world = csv_world(write(tmp_path, *ROWS), today=TODAY)
    both = World.combined(demo_world(today=TODAY), world)
    assert [account.id for account in both.accounts] == ["2380000000000001", CSV_ACCOUNT_ID]
    with pytest.raises(SetupError, match=f"names the id {CSV_ACCOUNT_ID} twice"):
        World.combined(world, world)


@pytest.mark.skipif(not REAL.exists(), reason="the public data set is not beside the checkout")
@pytest.mark.parametrize(("level", "rows"), [("account", 1), ("campaign", 3), ("adset", 691), ("ad", 1143)])
async def test_the_published_totals_at_every_level(level: str, rows: int) -> None:
    async with asking(csv_world(REAL, today=TODAY), token=CSV_ACCESS_TOKEN, at=NOON) as meta:
        found = await meta.rows(
            f"{ACCOUNT}/insights",
            level=level,
            date_preset="last_90d",
            limit="5000",
            fields="impressions,inline_link_clicks,spend,actions",
        )
    assert len(found) == rows
    assert sum(int(str(row["impressions"])) for row in found) == 213_434_828
    assert sum(int(str(row.get("inline_link_clicks", "0"))) for row in found) == 38_165
    assert sum(Decimal(str(row.get("spend", "0"))) for row in found) == Decimal("58705.23")
    purchase = ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase")
    assert sum(first_count(row, purchase) for row in found) == 1_079
    checkout = (
        "omni_initiated_checkout",
        "initiate_checkout",
        "offsite_conversion.fb_pixel_initiate_checkout",
    )
    assert sum(first_count(row, checkout) for row in found) == 3_264


def first_count(row: dict[str, object], types: tuple[str, ...]) -> int:
    actions = cast("list[dict[str, str]]", row.get("actions", []))
    counts = {each["action_type"]: int(each["value"]) for each in actions}
    return next((counts[name] for name in types if name in counts), 0)
