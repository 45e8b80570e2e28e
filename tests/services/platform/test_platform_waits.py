"""While an asynchronous report is waited for, the job says so, and no longer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.metrics.levels import Level
from app.providers.meta.insights import report_policy
from app.services.jobs.run_progress import WaitReason, get_run_progress
from tests.services.jobs_at_hand import run_state
from tests.services.shop import add_seller, pointed_at, sandbox_for
from tests.services.working import fetch_work, make_all_due, work_until_idle

if TYPE_CHECKING:
    import pytest

    from app.services.context import Services
    from tests.services.shop import Shop

_TRIES = "SELECT state, tries, progress, error_reason FROM jobs WHERE kind = 'stats'"
_PROGRESS = "SELECT progress FROM jobs WHERE kind = 'stats'"


async def reasons(shop: Shop) -> list[WaitReason]:
    [run] = await fetch_work(shop.services, "SELECT id FROM sync_runs ORDER BY created_at DESC, id DESC LIMIT 1")
    progress = await get_run_progress(shop.services, seller_id=shop.seller_id, run_id=run["id"])
    return [waiting.reason for waiting in progress.waiting]


async def test_a_job_that_waits_for_a_report_says_so_until_it_is_there(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[WaitReason]] = []
    pause = report_policy.Patience.pause

    async def look_and_pause(patience: report_policy.Patience, _seconds: float) -> bool:
        """As the next poll comes, without the wait for it."""
        seen.append(await reasons(shop))
        return await pause(patience, 0)

    monkeypatch.setattr(report_policy.Patience, "pause", look_and_pause)
    with sandbox_for(services, await add_seller(services)) as opened:
        shop = replace(opened, services=pointed_at(opened.services, opened.url, meta_async_rows=1))
        await shop.connect()
        await shop.sync(levels=[Level.AD])
    assert len(seen) > 1
    assert set(map(tuple, seen)) == {(WaitReason.PLATFORM,)}
    [job] = await fetch_work(services, _PROGRESS)
    assert "waiting" not in job["progress"]


async def test_a_try_that_waits_in_vain_ends_and_the_next_one_asks_without_a_report(services: Services) -> None:
    with sandbox_for(services, await add_seller(services)) as opened:
        impatient = pointed_at(opened.services, opened.url, meta_async_rows=1, meta_report_timeout_seconds=0.001)
        shop = replace(opened, services=impatient)
        await shop.connect()
        run = await shop.sync(levels=[Level.AD])
        [job] = await fetch_work(services, _TRIES)
        assert (job["state"], job["tries"], job["progress"]["overdue"]) == ("RETRYING", 1, 1)
        assert "did not finish the insights reports" in job["error_reason"]
        await make_all_due(services)
        await work_until_idle(shop.services)
        assert await run_state(services, run) == "SUCCEEDED"
        assert await shop.value("SELECT count(*) FROM ad_stats_daily") > 0
