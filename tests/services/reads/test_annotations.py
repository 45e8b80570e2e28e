"""Reading marks: which days they are on in a zone, what counts as one, whose they are, and how many are read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app.database.transactions import tenant_transaction
from app.identifiers import new_id
from app.metrics.levels import Level
from app.queries.lists.entities import ENTITIES, NEWEST_FIRST
from app.queries.lists.entity_filter import EVERYTHING
from app.queries.lists.listings import Listing, Parent
from app.queries.lists.parameters import Parameters
from app.queries.numbers.annotations import (
    MOST_MARKS,
    LocalDays,
    StatusMark,
    list_marks_of_entities,
    list_marks_of_listings,
)
from app.queries.status_changes.status_changes import SEEN_STATUS, AuditEntry, insert_audit_events
from app.vocabulary import EntityStatus
from tests.services.shop import add_seller, sandbox_for

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence
    from uuid import UUID

    from app.queries.lists.entities import EntityRow
    from app.queries.numbers.annotations import ListedMark
    from app.services.context import Services
    from tests.services.shop import Shop

ACTIVE, PAUSED = EntityStatus.ACTIVE, EntityStatus.PAUSED
INSTANT = timedelta(microseconds=1)
DAY = date(2026, 3, 10)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
STATUS = ({"status": ACTIVE}, {"status": PAUSED})


@pytest.fixture
async def seller_id(services: Services) -> UUID:
    return await add_seller(services)


@pytest.fixture
async def shop(services: Services, seller_id: UUID) -> AsyncGenerator[Shop]:
    """A seller with account 1 of the sandbox, its structure known."""
    with sandbox_for(services, seller_id) as opened:
        await opened.connect()
        yield opened


async def record(
    services: Services,
    seller_id: UUID,
    at: datetime,
    *subjects: UUID,
    action: str = SEEN_STATUS,
    level: str = "CAMPAIGN",
    change: tuple[Mapping[str, object], Mapping[str, object]] = STATUS,
) -> None:
    """One event for each of the subjects."""
    entries = [
        AuditEntry(
            subject_type=level,
            subject_id=subject,
            action=action,
            before=change[0],
            after=change[1],
            platform_answer=None,
        )
        for subject in subjects
    ]
    async with tenant_transaction(services.database.app, seller_id) as driver:
        await insert_audit_events(
            driver, entries, seller_id=seller_id, batch_id=new_id(), actor_id=None, correlation_id=None, now=at
        )


async def of_entities(services: Services, seller_id: UUID, *asked: LocalDays) -> list[list[StatusMark]]:
    async with tenant_transaction(services.database.app, seller_id) as driver:
        return await list_marks_of_entities(driver, seller_id, asked)


def on(entity_id: UUID, day: date = DAY, zone: str = "UTC") -> LocalDays:
    return LocalDays(entity_id, zone, day, day)


@pytest.mark.parametrize(
    ("zone", "day", "start", "end"),
    [
        ("UTC", "2026-03-10", "2026-03-10T00:00Z", "2026-03-11T00:00Z"),
        ("Asia/Ho_Chi_Minh", "2026-03-10", "2026-03-09T17:00Z", "2026-03-10T17:00Z"),
        ("America/Los_Angeles", "2026-03-07", "2026-03-07T08:00Z", "2026-03-08T08:00Z"),
        ("America/Los_Angeles", "2026-03-08", "2026-03-08T08:00Z", "2026-03-09T07:00Z"),  # 23 hours
        ("America/Los_Angeles", "2026-11-01", "2026-11-01T07:00Z", "2026-11-02T08:00Z"),  # 25 hours
        ("Atlantic/Azores", "2026-10-25", "2026-10-25T00:00Z", "2026-10-26T01:00Z"),  # midnight comes twice
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00Z", "2026-09-07T03:00Z"),  # midnight is skipped
    ],
)
async def test_a_day_is_the_local_one(
    services: Services, seller_id: UUID, zone: str, day: str, start: str, end: str
) -> None:
    first, after = datetime.fromisoformat(start), datetime.fromisoformat(end)
    entity_id = new_id()
    for at in (after, after - INSTANT, first - INSTANT, first):
        await record(services, seller_id, at, entity_id)
    marks = await of_entities(services, seller_id, on(entity_id, date.fromisoformat(day), zone))
    assert [mark.at for mark in marks[0]] == [first, after - INSTANT]


async def test_both_ends_of_the_days_are_included_and_each_entity_has_its_own(
    services: Services, seller_id: UUID
) -> None:
    one, two = new_id(), new_id()
    whens = [NOON + timedelta(days=days) for days in range(5)]
    for at in whens:
        await record(services, seller_id, at, one, two)
    marks = await of_entities(
        services,
        seller_id,
        LocalDays(two, "UTC", DAY + timedelta(days=1), DAY + timedelta(days=3)),
        on(new_id()),
        on(one),
        LocalDays(two, "UTC", DAY, DAY + timedelta(days=1)),
    )
    assert [[(mark.entity_id, mark.at) for mark in of_one] for of_one in marks] == [
        [(two, at) for at in whens[1:4]],
        [],
        [(one, NOON)],
        [(two, at) for at in whens[:2]],
    ]
    assert await of_entities(services, seller_id) == []


async def test_a_mark_says_what_changed_and_where(services: Services, seller_id: UUID) -> None:
    ad = new_id()
    later = NOON + timedelta(hours=1)
    await record(services, seller_id, NOON, ad, level="AD")
    await record(services, seller_id, later, ad, level="AD", action="setStatus.ACTIVATE", change=(STATUS[1], STATUS[0]))
    assert await of_entities(services, seller_id, on(ad)) == [
        [
            StatusMark(NOON, ad, Level.AD, ACTIVE, PAUSED, from_platform=True),
            StatusMark(later, ad, Level.AD, PAUSED, ACTIVE, from_platform=False),
        ]
    ]


async def test_what_changed_no_status_is_no_mark(services: Services, seller_id: UUID) -> None:
    entity_id = new_id()
    await record(services, seller_id, NOON, entity_id, change=(STATUS[1], STATUS[1]), action="setStatus.PAUSE")
    await record(services, seller_id, NOON, entity_id, change=({"budget": 1}, {"budget": 2}), action="setBudget")
    await record(services, seller_id, NOON, entity_id, change=({}, STATUS[1]), action="create")
    await record(services, seller_id, NOON, entity_id, level="CONNECTION")
    assert await of_entities(services, seller_id, on(entity_id)) == [[]]


async def test_another_seller_sees_nothing(services: Services, seller_id: UUID) -> None:
    entity_id, other = new_id(), await add_seller(services, "other")
    await record(services, seller_id, NOON, entity_id)
    assert await of_entities(services, other, on(entity_id)) == [[]]
    async with tenant_transaction(services.database.app, other) as driver:  # nor under the name of who does
        assert await list_marks_of_entities(driver, seller_id, [on(entity_id)]) == [[]]


async def test_of_one_entity_the_newest_are_read(services: Services, seller_id: UUID) -> None:
    many, few = new_id(), new_id()
    await record(services, seller_id, NOON, few, many)
    await record(services, seller_id, NOON + INSTANT, *[many] * MOST_MARKS)
    marks = await of_entities(services, seller_id, on(many), on(few))
    assert [(len(of_one), of_one[0].at) for of_one in marks] == [(MOST_MARKS, NOON + INSTANT), (1, NOON)]

    # As of an instant, what came later takes the place of nothing.
    then = [on(many)._replace(as_of=NOON), on(many)._replace(as_of=NOON - INSTANT)]
    assert [[mark.at for mark in of_one] for of_one in await of_entities(services, seller_id, *then)] == [[NOON], []]


async def of_listings(
    shop: Shop, level: Level, days: Sequence[LocalDays], *parents: Parent | None
) -> list[list[ListedMark]]:
    """The marks of everything at a level, for the whole seller or under these parents."""
    listings: list[Listing[EntityRow]] = [
        Listing(ENTITIES[level], EVERYTHING.conditions(level), NEWEST_FIRST, parent) for parent in parents
    ]
    async with tenant_transaction(shop.services.database.app, shop.seller_id) as driver:
        return await list_marks_of_listings(driver, listings, days, Parameters(shop.seller_id))


async def test_a_list_has_the_marks_of_what_it_matches_on_its_accounts_days(shop: Shop) -> None:
    account_id: UUID = await shop.value("SELECT id FROM fb_connections")
    ids = await shop.mapping("SELECT external_id, id FROM ads")
    adsets = await shop.mapping("SELECT external_id, id FROM adsets")
    midnight = datetime(2026, 3, 9, 17, tzinfo=UTC)  # in Ho Chi Minh City
    for at in (midnight - INSTANT, midnight, midnight + timedelta(days=1)):
        await record(shop.services, shop.seller_id, at, *ids.values(), level="AD")
    await record(shop.services, shop.seller_id, midnight, *adsets.values(), new_id(), level="ADSET")
    days = [on(account_id, zone="Asia/Ho_Chi_Minh")]

    everything = await of_listings(shop, Level.AD, days, None)
    assert {row.account_id for row in everything[0]} == {account_id}
    assert [row.mark.at for row in everything[0]] == [midnight] * 4
    assert {row.mark.entity_id for row in everything[0]} == set(ids.values())

    parents = [Parent("ADSET", adsets[name]) for name in ("121", "111")]
    under = await of_listings(shop, Level.AD, days, *parents, Parent("ADSET", new_id()))
    assert [{row.mark.entity_id for row in of_one} for of_one in under] == [
        {ids["1211"]},
        {ids["1111"], ids["1112"]},
        set(),
    ]
    assert await of_listings(shop, Level.AD, [], None) == [[]]
    assert await of_listings(shop, Level.AD, [on(new_id())], None) == [[]]


async def test_of_one_list_the_newest_are_read(shop: Shop) -> None:
    account_id: UUID = await shop.value("SELECT id FROM fb_connections")
    adsets = await shop.mapping("SELECT external_id, id FROM adsets")
    ids = await shop.mapping("SELECT external_id, id FROM ads")
    await record(shop.services, shop.seller_id, NOON, ids["1111"], ids["1211"], level="AD")
    await record(shop.services, shop.seller_id, NOON + INSTANT, *[ids["1112"]] * MOST_MARKS, level="AD")
    parents = [Parent("ADSET", adsets[name]) for name in ("111", "121")]
    under = await of_listings(shop, Level.AD, [on(account_id)], *parents)
    assert [(len(of_one), of_one[0].mark.at) for of_one in under] == [(MOST_MARKS, NOON + INSTANT), (1, NOON)]

    then = await of_listings(shop, Level.AD, [on(account_id)._replace(as_of=NOON)], *parents)
    assert [[row.mark.at for row in of_one] for of_one in then] == [[NOON], [NOON]]
