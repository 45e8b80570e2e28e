"""A seller that has so many of everything that there is to read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from app.database.partitions import create_statements, month_start
from app.identifiers import new_id
from app.metrics.counters import Counters
from app.metrics.levels import Level
from tests.graphql_schema.operations import DAYS, MARKED
from tests.graphql_schema.page_world import fill_day, fill_pages
from tests.graphql_schema.warnings_at_hand import add_warning

if TYPE_CHECKING:
    from uuid import UUID

    from tests.graphql_schema.small_world import Tenant

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)


async def fill(tenant: Tenant, size: int) -> None:
    """`size` of everything, each ad and each job under its own parents."""
    async with tenant.world.filling():
        await _fill(tenant, size)


async def _fill(tenant: Tenant, size: int) -> None:
    campaigns: list[UUID] = []
    for place in range(size):
        account = await tenant.add_account(currency="USD")
        page = await tenant.insert("sellpages", name="p", url=f"https://{new_id()}", is_active=True)
        strategy = await tenant.insert("ad_strategies", name=f"s{place}", is_active=True)
        campaign = await tenant.add_campaign(account, sellpage_id=page, ad_strategy_id=strategy)
        campaigns.append(campaign.id)
        adset = await tenant.add_adset(campaign)
        ad = await tenant.add_ad(adset)
        for entity in (campaign, adset, ad):
            await tenant.add_day(entity, NOW.date(), spend_micros=1_000_000)
            await tenant.add_fetch(account, entity.level, NOW.date(), NOW)
        await add_run(tenant, account)
        await add_warning(tenant, account)
    await keep_snapshots(tenant)
    pages = await fill_pages(tenant, size)
    for page in pages:
        await add_warning(tenant, page, source="PAGE")
    await fill_day(tenant, Level.CAMPAIGN, campaigns, pages)


async def keep_snapshots(tenant: Tenant) -> None:
    """Two of each entity's day."""
    for statement in create_statements(month_start(NOW.date())):
        await tenant.world.write(statement)
    columns = ", ".join(("seller_id", "level", "entity_id", "stat_date", "account_id", *Counters._fields))
    for minutes in (20, 10):
        await tenant.world.write(
            f"INSERT INTO ad_stats_raw ({columns}, fetched_at) "
            f"SELECT {columns}, $2 FROM ad_stats_daily WHERE seller_id = $1",
            *(tenant.seller_id, NOW - timedelta(minutes=minutes)),
        )


async def learn_types(tenant: Tenant) -> None:
    """Let the driver of a new connection look up the types of arrays, which it does once, by statements of its own."""
    await tenant.ask(f"{{ campaigns {{ nodes {{ metrics {{ spend }} }} summary {{ spend }} {DAYS} {{ {MARKED} }} }} }}")
    await tenant.ask("{ syncRuns { nodes { progress { percent } } } campaigns { summary { freshness { state } } } }")


async def add_run(tenant: Tenant, account: object) -> None:
    run, job = new_id(), new_id()
    common = {"seller_id": tenant.seller_id, "created_at": NOW}
    await tenant.world.insert(
        "sync_runs",
        {
            "id": run,
            "origin": "MANUAL",
            "state": "RUNNING",
            "reason": "asked for",
            "jobs_live": 1,
            "cancel_requested": False,
            **common,
        },
    )
    work = {"kind": "stats", "key": str(job), "unit": "{}", "state": "QUEUED", "priority": 1, "attempt": 0}
    budget = {
        "tries": 0,
        "max_tries": 5,
        "losses": 0,
        "coalesces": False,
        "cancel_requested": False,
        "pause_scopes": list[str](),
        "run_at": NOW,
        "rows_written": 0,
        "connection_id": account,
    }
    await tenant.world.insert("jobs", {"id": job, **work, **budget, **common})
    await tenant.world.insert("sync_run_jobs", {"run_id": run, "job_id": job, "seller_id": tenant.seller_id})
