"""A day whose content is what was written last costs a line of the fetch log; anything else is written as ever."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app import clock
from app.metrics.counters import Counters
from app.providers.insight_rows import rows_of
from app.providers.sandbox.world.dataset import Kind
from app.services.stats.day_content import content_hash
from tests.services.days_at_hand import ad_row, writer_of
from tests.services.invariants import check_invariants
from tests.services.shop import TODAY, YESTERDAY, account, add_seller, entities, sandbox_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from app.services.context import Services
    from tests.services.shop import Shop

_NUMBERS = """
SELECT ads.external_id, spend_micros, impressions
FROM ad_stats_daily JOIN ads ON ads.id = entity_id
WHERE level = 3
ORDER BY 1
"""
_LOG = "SELECT fetched_at, content_hash FROM stats_fetches WHERE level = 3 AND stat_date = $1"
_SNAPSHOTS = "SELECT count(*) FROM ad_stats_raw WHERE level = 3"
OLD, NEW = Counters(5, 50), Counters(7, 70)


async def test_unchanged_days_move_the_fetch_log_and_nothing_else(shop: Shop, connection_id: UUID) -> None:
    rows = [ad_row("1111", TODAY, OLD), ad_row("1121", YESTERDAY, NEW)]
    days = [YESTERDAY, TODAY]
    async with writer_of(shop, connection_id) as writer:
        assert await writer.write(rows, days=days) == (2, 2)
        touched = "SELECT xmin::text FROM ad_stats_daily UNION ALL SELECT xmin::text FROM ad_stats_raw"
        before = await shop.rows(touched)
        later = clock.now()
        assert await writer.write(rows[::-1], days=days, at=later) == (2, 0)
        assert await shop.rows(touched) == before
        assert await shop.rows(_LOG, TODAY) == [(later, content_hash(rows_of(rows[:1])))]
        assert await shop.rows(_LOG, YESTERDAY) == [(later, content_hash(rows_of(rows[1:])))]


async def test_only_days_that_changed_are_written(shop: Shop, connection_id: UUID) -> None:
    days = [YESTERDAY, TODAY]
    async with writer_of(shop, connection_id) as writer:
        await writer.write([ad_row("1111", TODAY, OLD), ad_row("1111", YESTERDAY, OLD)], days=days)
        assert await writer.write([ad_row("1111", TODAY, NEW), ad_row("1111", YESTERDAY, OLD)], days=days) == (2, 1)
    assert await shop.value(_SNAPSHOTS) == 3


async def test_a_restatement_back_to_the_old_numbers_is_written(shop: Shop, connection_id: UUID) -> None:
    async with writer_of(shop, connection_id) as writer:
        for counters in (OLD, NEW, OLD):
            assert await writer.write([ad_row("1111", TODAY, counters)]) == (1, 1)
        assert await writer.write([ad_row("1111", TODAY, OLD)]) == (1, 0)
    assert await shop.rows(_NUMBERS) == [("1111", 5, 50)]
    assert await shop.value(_SNAPSHOTS) == 3


async def test_what_vanishes_and_comes_back_is_written_both_times(shop: Shop, connection_id: UUID) -> None:
    async with writer_of(shop, connection_id) as writer:
        assert await writer.write([ad_row("1111", TODAY, OLD)]) == (1, 1)
        assert await writer.write([]) == (1, 1)
        assert await writer.write([]) == (1, 0)
        assert await shop.rows(_NUMBERS) == [("1111", 0, 0)]
        assert await writer.write([ad_row("1111", TODAY, OLD)]) == (1, 1)
    assert await shop.rows(_NUMBERS) == [("1111", 5, 50)]


@pytest.mark.parametrize("late", [OLD, NEW])
async def test_an_older_fetch_that_arrives_late_moves_nothing(shop: Shop, connection_id: UUID, late: Counters) -> None:
    now = clock.now()
    async with writer_of(shop, connection_id) as writer:
        await writer.write([ad_row("1111", TODAY, OLD)], at=now)
        before = await shop.rows(_LOG, TODAY)
        assert await writer.write([ad_row("1111", TODAY, late)], at=now - timedelta(minutes=1)) == (1, 0)
        assert await shop.rows(_LOG, TODAY) == before
    assert await shop.rows(_NUMBERS) == [("1111", 5, 50)]


async def test_whoever_comes_first_the_newest_fetch_wins(shop: Shop, connection_id: UUID) -> None:
    start = clock.now()
    async with writer_of(shop, connection_id) as writer:
        for turn in range(8):
            contents = [Counters(turn * 10 + place, 1) for place in range(4)]
            await asyncio.gather(
                *(
                    writer.write(
                        [ad_row("1111", TODAY, counters)], at=start + timedelta(seconds=turn, milliseconds=place)
                    )
                    for place, counters in enumerate(contents)
                )
            )
            assert await shop.rows(_NUMBERS) == [("1111", turn * 10 + 3, 1)]
            newest = content_hash(rows_of([ad_row("1111", TODAY, contents[3])]))
            assert (await shop.rows(_LOG, TODAY))[0][1] == newest


async def test_a_day_of_which_a_row_could_not_be_kept_is_never_unchanged(shop: Shop, connection_id: UUID) -> None:
    rows = [ad_row("1111", TODAY, OLD), ad_row("1119", TODAY, NEW, lineage=False)]
    async with writer_of(shop, connection_id) as writer:
        assert await writer.write(rows) == (1, 1)
        assert await writer.write(rows) == (1, 0)
        assert (await shop.rows(_LOG, TODAY))[0][1] is None
        known = [*entities(), replace(entities()[2], id="1119", name="Late shoes")]
        with shop.when(account(of=known)) as later:
            assert await replace(writer, services=later.services).write(rows) == (1, 1)
        assert (await shop.rows(_LOG, TODAY))[0][1] == content_hash(rows_of(rows))
    assert await shop.rows(_NUMBERS) == [("1111", 5, 50), ("1119", 7, 70)]


async def _wal_of(shop: Shop, work: Callable[[], Awaitable[object]]) -> int:
    """Bytes of WAL that the server wrote meanwhile; other tests' are among them."""
    before = await shop.value("SELECT pg_current_wal_insert_lsn()::text")
    await work()
    return await shop.value("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::text::pg_lsn)::bigint", before)


# A lock of the job's row, a line of the fetch log for each of two days, a commit.
UNCHANGED_BYTES = 1_200
ADS = 400


async def test_unchanged_days_cost_next_to_no_wal(services: Services) -> None:
    ads = [replace(entities()[2], id=f"11{place:04}") for place in range(ADS)]
    tree = [*(each for each in entities() if each.kind is not Kind.AD), *ads]
    days = [YESTERDAY, TODAY]
    rows = [ad_row(each.id, day, OLD) for each in ads for day in days]
    moved = [row._replace(counters=NEW) if place % 5 == 0 else row for place, row in enumerate(rows)]
    with sandbox_for(services, await add_seller(services), account(of=tree)) as shop:
        async with writer_of(shop, await shop.connect()) as writer:
            await writer.write(rows, days=days)
            changed = await _wal_of(shop, lambda: writer.write(moved, days=days))
            assert await shop.value("SELECT count(*) FROM ad_stats_raw") == 2 * ADS + 2 * ADS // 5
            least = changed
            for _ in range(20):  # until nobody else wrote anything meanwhile
                least = min(least, await _wal_of(shop, lambda: writer.write(moved, days=days)))
                if least < UNCHANGED_BYTES:
                    break
            assert least < UNCHANGED_BYTES
            # Each of the rows that changed is a snapshot, its index entry, and a new version of a daily row.
            assert changed > 100 * 2 * ADS // 5
        await check_invariants(services, shop.seller_id)
