"""One of everything for a seller, every text of it with the seller's canary inside."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Text

from app import clock
from app.database.tables import metadata
from app.identifiers import new_id
from app.metrics.counters import Counters
from app.metrics.levels import Level
from tests.database.two_tenants import build_row
from tests.graphql_schema.page_world import add_aggregation, add_board, add_page, add_page_value, add_post, add_verdict
from tests.graphql_schema.small_world import Entity
from tests.graphql_schema.warnings_at_hand import add_ended_job, add_warning, kept

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Table

    from tests.database.two_tenants import Rows
    from tests.graphql_schema.small_world import Tenant

ENDED_JOB = "Ended job"
DAY = clock.today_in("UTC") - timedelta(days=1)
# Columns that must hold something else: words of a vocabulary, names of zones, currencies, metrics and keys.
_MEANINGFUL = frozenset(
    {
        "ad_source",
        "currency",
        "exclusive_key",
        "kind",
        "metric",
        "password_hash",
        "slug",
        "state",
        "time_zone",
        "token_key_id",
        "use_case",
    }
)


async def plant(tenant: Tenant, canary: str) -> dict[str, UUID]:
    """The seller's things by the name of their type in GraphQL; each is called `{canary} {type}`."""
    found = await _plant_tree(tenant, canary) | await _plant_page(tenant, canary)
    account, page, campaign = found["AdAccount"], found["Page"], found["Campaign"]
    found |= await add_work(tenant, canary, account)
    await _plant_warnings(tenant, canary, account, page)
    await add_board(tenant, Level.CAMPAIGN, DAY, "spend", [campaign])
    await add_aggregation(tenant, DAY, missing={account: f"{canary} reason", page: f"{canary} reason"})
    totals = {"seller_id": tenant.seller_id, "stat_date": DAY, "currency": "USD", **dict.fromkeys(Counters._fields, 1)}
    await tenant.world.insert("seller_stats_daily", totals)
    for table in metadata.sorted_tables:
        await _fill(tenant, table, canary)
    return found


async def _plant_tree(tenant: Tenant, canary: str) -> dict[str, UUID]:
    account = await tenant.add_account(name=f"{canary} AdAccount", external_id=f"{canary}-account")
    sellpage = await tenant.insert("sellpages", name=f"{canary} Sellpage", url=f"https://{canary}.test", is_active=True)
    strategy = await tenant.insert("ad_strategies", name=f"{canary} AdStrategy", is_active=True)
    campaign = await tenant.add_campaign(
        account, f"{canary} Campaign", sellpage_id=sellpage, ad_strategy_id=strategy, external_id=f"{canary}-campaign"
    )
    adset = await tenant.add_adset(campaign, f"{canary} Adset")
    ad = await tenant.add_ad(adset, f"{canary} Ad")
    for entity in (Entity(account, Level.ACCOUNT, account), campaign, adset, ad):
        await tenant.add_snapshot(entity, DAY, at=clock.now(), attribution_setting=canary, spend_micros=1_000_000)
    return {
        "AdAccount": account,
        "Sellpage": sellpage,
        "AdStrategy": strategy,
        "Campaign": campaign.id,
        "Adset": adset.id,
        "Ad": ad.id,
    }


async def _plant_page(tenant: Tenant, canary: str) -> dict[str, UUID]:
    page = await add_page(tenant, f"{canary} Page")
    await add_verdict(tenant, page, "page_media_view", dead_because=f"{canary} verdict")
    await add_page_value(tenant, page, "page_follows", DAY, 1)
    post = await add_post(tenant, page, f"{canary} PagePost", values={"post_media_view": 1})
    return {"Page": page, "PagePost": post}


async def _plant_warnings(tenant: Tenant, canary: str, account: UUID, page: UUID) -> None:
    """Of the account, of the page, and of a job that has ended."""
    sentence = f"{canary} SyncWarning"
    for connection, source in ((account, "INSIGHTS"), (page, "PAGE")):
        await add_warning(tenant, connection, source=source, sentence=sentence, ids=[f"{canary}-odd"])
    await add_ended_job(tenant, warnings=[kept(sentence)], key=f"{canary} {ENDED_JOB}")


async def add_work(
    tenant: Tenant, canary: str, account: UUID | None = None, *, state: str = "RUNNING"
) -> dict[str, UUID]:
    """A run with one job: both live, or (FAILED) both given up."""
    run, job, now = new_id(), new_id(), clock.now()
    ended = None if state == "RUNNING" else now
    common = {"seller_id": tenant.seller_id, "created_at": now, "cancel_requested": False, "ended_at": ended}
    tally = {"jobs_total": 1, "jobs_succeeded": 0, "jobs_failed": 1, "jobs_cancelled": 0, "rows_written": 0}
    await tenant.world.insert(
        "sync_runs",
        {
            "id": run,
            "origin": "MANUAL",
            "state": state,
            "reason": f"{canary} SyncRun",
            "jobs_live": 0 if ended else 1,
            **common,
            **(tally if ended else {}),
        },
    )
    work = {"kind": "stats", "key": f"{canary} Job", "unit": _UNIT, "priority": 1, "attempt": 0}
    budget: dict[str, Any] = {
        "state": "FAILED" if ended else "QUEUED",
        "tries": 0,
        "max_tries": 5,
        "losses": 0,
        "coalesces": False,
        "pause_scopes": [],
        "run_at": now,
        "rows_written": 0,
        "connection_id": account,
    }
    await tenant.world.insert("jobs", {"id": job, **work, **budget, **common})
    await tenant.world.insert("sync_run_jobs", {"run_id": run, "job_id": job, "seller_id": tenant.seller_id})
    return {"SyncRun": run, "Job": job}


_UNIT = f'{{"level": "AD", "from": "{DAY}", "to": "{DAY}"}}'


async def _fill(tenant: Tenant, table: Table, canary: str) -> None:
    """Give the table a row of the seller if it has none, and every free text of the seller's rows the canary."""
    owner = "id" if table.name == "sellers" else "seller_id"
    if owner not in table.columns:
        return  # call pauses, totals and ticks are nobody's; users and their addresses are planted with the members
    mine = f"FROM {table.name} WHERE {owner} = $1"  # a test's
    if not await tenant.world.read(f"SELECT count(*) {mine}", tenant.seller_id):
        row = build_row(table, tenant.seller_id, await _parents(tenant, table))
        await tenant.world.insert(table.name, {name: "{}" if value == {} else value for name, value in row.items()})
    for column in free_texts(table):
        await tenant.world.write(
            f"UPDATE {table.name} SET {column} = $2 || '-' || coalesce({column}, '') "
            f"WHERE {owner} = $1 AND coalesce({column}, '') NOT LIKE '%' || $2 || '%'",
            *(tenant.seller_id, canary),
        )


async def _parents(tenant: Tenant, table: Table) -> Rows:
    """The keys of a row of each table that this one points to."""
    found: Rows = {"sellers": {"id": tenant.seller_id}, "users": {"id": tenant.user_id}}
    for name in {key.referred_table.name for key in table.foreign_key_constraints} - found.keys():
        one = await tenant.world.read(f"SELECT id FROM {name} WHERE seller_id = $1 LIMIT 1", tenant.seller_id)
        found[name] = {"id": one, "seller_id": tenant.seller_id}
    return found


def free_texts(table: Table) -> list[str]:
    """The columns that may hold any text."""
    words = {
        str(constraint.sqltext).partition(" IN (")[0]
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    return [
        column.name
        for column in table.columns
        if isinstance(column.type, Text) and column.name not in words | _MEANINGFUL
    ]
