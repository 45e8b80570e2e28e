"""Ad sets and ads whose parents the platform does not name: they stay where they were known to stand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from app.metrics.levels import Level
from app.providers.contract import AdRecord, AdsetRecord, StatusRecord
from app.providers.sync_warnings import Subject
from app.queries.structure.placement import Place, find_ad_places, find_adset_places
from app.queries.structure.structure import load_entity_ids

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from app.database.driver import Driver
    from app.providers.sync_warnings import SyncWarnings
    from app.queries.connections.connections import Connection

ADSET_LEFT_OUT = "The ad set names no campaign that we know and was left out."
AD_LEFT_OUT = "The ad names no ad set that we know and was left out."
LEFT_OUT = frozenset({ADSET_LEFT_OUT, AD_LEFT_OUT})
_Adset = TypeVar("_Adset", AdsetRecord, StatusRecord)
_Ad = TypeVar("_Ad", AdRecord, StatusRecord)


async def place_adsets(driver: Driver, connection: Connection, adsets: Sequence[_Adset]) -> list[_Adset]:
    """The ad sets in their campaigns, where those are named or known."""
    lost = [each.external_id for each in adsets if each.campaign_external_id is None]
    known = await find_adset_places(driver, connection, lost)
    return [_moved(each, known) for each in adsets]


def _moved(adset: _Adset, known: Mapping[str, Place]) -> _Adset:
    place = known.get(adset.external_id) if adset.campaign_external_id is None else None
    return replace(adset, campaign_external_id=place.campaign) if place else adset


async def place_ads(
    driver: Driver,
    connection: Connection,
    ads: Sequence[_Ad],
    campaigns_of_adsets: Mapping[str, str | None],
) -> list[_Ad]:
    """The ads in their ad sets and campaigns, where those are named or known; an ad set's campaign is its ads'."""
    lost = [each.external_id for each in ads if each.adset_external_id is None]
    known = await find_ad_places(driver, connection, lost)
    placed = [_within(each, known.get(each.external_id)) for each in ads]
    return [
        each
        if each.campaign_external_id is not None
        else replace(each, campaign_external_id=campaigns_of_adsets.get(each.adset_external_id or ""))
        for each in placed
    ]


def _within(ad: _Ad, place: Place | None) -> _Ad:
    if place is None or ad.adset_external_id is not None:
        return ad
    return replace(ad, adset_external_id=place.adset, campaign_external_id=ad.campaign_external_id or place.campaign)


async def note_left_out(
    driver: Driver,
    connection: Connection,
    warnings: SyncWarnings,
    *,
    campaigns: Collection[str],
    adsets: Sequence[AdsetRecord],
    ads: Sequence[AdRecord],
) -> None:
    """Name what could not be written for want of a parent. `campaigns`: the ids of those that are listed."""
    orphans = {each.external_id: each.campaign_external_id for each in adsets}
    lost = await _find_lost(driver, connection, Level.CAMPAIGN, orphans, campaigns)
    for external_id, parent in lost.items():
        warnings.note(Subject.ADSET, ADSET_LEFT_OUT, external_id=external_id, found=parent)
    orphans = {each.external_id: each.adset_external_id for each in ads}
    written = {each.external_id for each in adsets}.difference(lost)
    for external_id, parent in (await _find_lost(driver, connection, Level.ADSET, orphans, written)).items():
        warnings.note(Subject.AD, AD_LEFT_OUT, external_id=external_id, found=parent)


async def _find_lost(
    driver: Driver,
    connection: Connection,
    level: Level,
    parents: Mapping[str, str | None],
    written: Collection[str],
) -> dict[str, str | None]:
    """Those whose parent, at this level, is neither written nor known."""
    doubtful = {each: parent for each, parent in parents.items() if parent is None or parent not in written}
    if not doubtful:
        return {}
    known = await load_entity_ids(driver, connection, level, set(filter(None, doubtful.values())))
    return {each: parent for each, parent in sorted(doubtful.items()) if parent is None or parent not in known}
