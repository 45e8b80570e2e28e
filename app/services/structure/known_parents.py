"""Campaigns and ad sets above what a reading saw that it did not see itself: they count as they were known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.metrics.levels import Level
from app.providers.contract import DeliverySignals, StatusRecord
from app.queries.schedule.delivery_schedules import list_known

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.database.driver import Driver
    from app.queries.connections.connections import Connection
    from app.queries.schedule.delivery_schedules import KnownParent
    from app.services.structure.account_tree import AccountTree


async def add_known_parents(driver: Driver, connection: Connection, tree: AccountTree) -> AccountTree:
    """The tree with what is known of the parents that it lacks. No statement where it lacks none."""
    lacking = _lacking((each.adset_external_id for each in tree.ads), tree.adsets)
    adsets = [_record(each) for each in await list_known(driver, connection, Level.ADSET, lacking)]
    named = (each.campaign_external_id for each in (*tree.adsets, *tree.ads, *adsets))
    lacking = _lacking(named, tree.campaigns)
    campaigns = [_record(each) for each in await list_known(driver, connection, Level.CAMPAIGN, lacking)]
    return replace(tree, known_campaigns=campaigns, known_adsets=adsets)


def _lacking(named: Iterable[str | None], seen: Iterable[StatusRecord]) -> set[str]:
    return {each for each in named if each is not None} - {each.external_id for each in seen}


def _record(known: KnownParent) -> StatusRecord:
    return StatusRecord(
        external_id=known.external_id,
        status=known.status,
        delivery=DeliverySignals(effective_status=known.delivery_raw, starts_at=known.starts_at, ends_at=known.ends_at),
        campaign_external_id=known.campaign_external_id,
    )
