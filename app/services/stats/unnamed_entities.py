"""The tree of entities that insight rows name: each with the name and the parents that its row gives. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.invisible import is_blank
from app.metrics.levels import Level
from app.providers.contract import NAME_CHARACTERS
from app.queries.structure.unnamed_entities import UnnamedEntity, UnnamedTree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.providers.contract import InsightRow


def lineage_of(rows: Iterable[InsightRow], level: Level) -> UnnamedTree:
    """Entities of a level and their parents; of what has no name its id is one. What names no parent is left out."""
    campaigns: dict[str, UnnamedEntity] = {}
    adsets: dict[str, UnnamedEntity] = {}
    ads: dict[str, UnnamedEntity] = {}
    for row in rows:
        if level is Level.CAMPAIGN:
            _add(campaigns, row.external_id, row.name)
            continue
        if row.campaign_external_id is None:
            continue
        _add(campaigns, row.campaign_external_id, row.campaign_name)
        if level is Level.ADSET:
            _add(adsets, row.external_id, row.name, row.campaign_external_id)
        elif row.adset_external_id is not None:
            _add(adsets, row.adset_external_id, row.adset_name, row.campaign_external_id)
            _add(ads, row.external_id, row.name, row.adset_external_id)
    return UnnamedTree(list(campaigns.values()), list(adsets.values()), list(ads.values()))


def _add(found: dict[str, UnnamedEntity], external_id: str, name: str | None, parent: str | None = None) -> None:
    shown = external_id if name is None or is_blank(name) else name
    found[external_id] = UnnamedEntity(external_id, shown[:NAME_CHARACTERS], parent)
