"""A world small enough to know by heart, with two accounts.

Account 1: campaign 11 (active) with ad set 111 (ads 1111 and 1112, the latter disapproved) and ad set 112 (paused,
ad 1121); campaign 12 (paused) with 121 and ad 1211; campaign 13 (archived) with 131 and ad 1311.
Account 2: campaign 21 with 211 and ad 2111; another token.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from app.providers.sandbox.world.csv_dataset import RecordedDelivery
from app.providers.sandbox.world.dataset import Account, AdDay, Delivered, Entity, Issue, Kind, Status
from app.providers.sandbox.world.worlds import World

TOKEN = "token-of-account-1"
OTHER_TOKEN = "token-of-account-2"
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)  # 10:00 in Asia/Ho_Chi_Minh
CREATED = datetime(2026, 1, 2, 17, 30, tzinfo=UTC)  # 3 January there

_ISSUE = Issue(level="AD", code=1885650, summary="Link is broken", message="The landing page can't be reached.")
ENTITIES = (
    Entity(kind=Kind.CAMPAIGN, id="11", name="Shoes", created_at=CREATED, lifetime_budget=70_000),
    Entity(kind=Kind.ADSET, id="111", parent_id="11", name="Broad", created_at=CREATED, learning="LEARNING"),
    Entity(kind=Kind.AD, id="1111", parent_id="111", name="Red shoes", created_at=CREATED),
    Entity(
        kind=Kind.AD,
        id="1112",
        parent_id="111",
        name="Blue shoes",
        created_at=CREATED,
        held="DISAPPROVED",
        issue=_ISSUE,
    ),
    Entity(
        kind=Kind.ADSET,
        id="112",
        parent_id="11",
        name="Narrow",
        created_at=CREATED,
        status=Status.PAUSED,
        learning="FAIL",
    ),
    Entity(kind=Kind.AD, id="1121", parent_id="112", name="Green shoes", created_at=CREATED),
    Entity(kind=Kind.CAMPAIGN, id="12", name="Hats", created_at=CREATED, status=Status.PAUSED),
    Entity(kind=Kind.ADSET, id="121", parent_id="12", name="Hats broad", created_at=CREATED, daily_budget=2500),
    Entity(kind=Kind.AD, id="1211", parent_id="121", name="Straw hat", created_at=CREATED),
    Entity(kind=Kind.CAMPAIGN, id="13", name="Coats", created_at=CREATED, status=Status.ARCHIVED),
    Entity(kind=Kind.ADSET, id="131", parent_id="13", name="Coats broad", created_at=CREATED),
    Entity(kind=Kind.AD, id="1311", parent_id="131", name="Parka", created_at=CREATED),
)
DAYS = {
    date(2026, 11, 19): [
        AdDay("1111", Delivered(1000, 5000, 60, 50, 40, 9, 6, 3, 12_345)),
        AdDay("1311", Delivered(700, 900, 7, 5)),
    ],
    date(2026, 11, 20): [
        AdDay("1111", Delivered(533_950, 361_324, 0, 0)),
        AdDay("1211", Delivered(impressions=10, purchases=3)),
        AdDay("1121", Delivered()),
    ],
    date(2026, 11, 22): [AdDay("1121", Delivered(250, 100, 2, 2, 2, 2, 2, 1, 5000))],
}
ACCOUNT = Account(
    id="1",
    name="First",
    currency="USD",
    time_zone="Asia/Ho_Chi_Minh",
    access_token=TOKEN,
    entities=ENTITIES,
    delivery=RecordedDelivery(date(2026, 11, 19), DAYS),
    refused_ids=frozenset({"1112"}),
)
OTHER_ACCOUNT = Account(
    id="2",
    name="Second",
    currency="JPY",
    time_zone="Asia/Kolkata",
    access_token=OTHER_TOKEN,
    entities=(
        Entity(kind=Kind.CAMPAIGN, id="21", name="Tea", created_at=CREATED),
        Entity(kind=Kind.ADSET, id="211", parent_id="21", name="Tea broad", created_at=CREATED),
        Entity(kind=Kind.AD, id="2111", parent_id="211", name="Green tea", created_at=CREATED),
    ),
    delivery=RecordedDelivery(
        date(2026, 11, 20), {date(2026, 11, 20): [AdDay("2111", Delivered(533_950, 10, purchases=10))]}
    ),
)
WORLD = World(accounts=(ACCOUNT, OTHER_ACCOUNT))
