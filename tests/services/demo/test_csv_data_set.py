"""A real data set, served as if it were Meta, synced by the jobs, to its published totals."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from app import clock
from app.metrics.levels import Level
from app.providers.sandbox.world import worlds
from app.services.connections.connecting import AccountToConnect, connect_account
from app.services.work_requests.sync_requests import enqueue_seller_sync
from app.vocabulary import ProviderKind
from tests.sandbox.serving import serving
from tests.services.invariants import check_invariants, count_live
from tests.services.jobs_at_hand import run_state
from tests.services.shop import add_seller, pointed_at
from tests.services.working import fetch, work_until_idle

if TYPE_CHECKING:
    from app.services.context import Services

DATA_SET = Path(__file__).parents[4] / "shared" / "data" / "kag_conversion.csv"
# Neither the history nor the second look at it is to wait for the calls of the next hour.
PLENTY_OF_CALLS = 10_000
_TOTALS = """
SELECT level, sum(impressions)::bigint, sum(link_clicks)::bigint, sum(spend_micros)::bigint, sum(purchases)::bigint
FROM ad_stats_daily
GROUP BY level
ORDER BY level
"""
_STORED = """
SELECT (SELECT count(*) FROM ad_stats_raw), (SELECT count(*) FROM ad_stats_daily),
       (SELECT max(xmin::text::bigint) FROM ad_stats_daily)
"""


@pytest.mark.skipif(not DATA_SET.exists(), reason="the data set is not beside this checkout")
async def test_the_published_totals_stand_at_every_level_however_often_it_is_synced(services: Services) -> None:
    seller_id = await add_seller(services, "kag")
    today = clock.today_in(worlds.CSV_TIME_ZONE)
    with serving(worlds.csv_world(DATA_SET, today=today)) as url:
        kag = pointed_at(services, url, meta_calls_per_hour=PLENTY_OF_CALLS)
        account = AccountToConnect(
            provider=ProviderKind.META,
            external_id=worlds.CSV_ACCOUNT_ID,
            name="KAG",
            time_zone=worlds.CSV_TIME_ZONE,
            currency=worlds.CSV_CURRENCY,
            access_token=SecretStr(worlds.CSV_ACCESS_TOKEN),
        )
        await connect_account(kag, seller_id=seller_id, account=account)
        await work_until_idle(kag)
        assert await count_live(kag) == 0
        totals = [tuple(row) for row in await fetch(kag, seller_id, _TOTALS)]
        assert totals == [(level, 213_434_828, 38_165, 58_705_230_000, 1_079) for level in Level]
        for table, count in (("campaigns", 3), ("adsets", 691), ("ads", 1_143)):
            assert (await fetch(kag, seller_id, f"SELECT count(*) FROM {table}"))[0][0] == count
        stored = tuple((await fetch(kag, seller_id, _STORED))[0])
        run = await enqueue_seller_sync(
            kag,
            seller_id=seller_id,
            requested_by=None,
            from_date=today - timedelta(days=89),
            to_date=today,
        )
        await work_until_idle(kag)
        assert await run_state(kag, run.run_id) == "SUCCEEDED"
        assert [tuple(row) for row in await fetch(kag, seller_id, _TOTALS)] == totals
        assert tuple((await fetch(kag, seller_id, _STORED))[0]) == stored
    await check_invariants(services, seller_id)
