"""Which entities a list is about, at any level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.metrics.levels import Level
from app.queries.clauses import ROW, Condition, name_contains

if TYPE_CHECKING:
    from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityFilter:
    """AND over the fields, OR within one; None does not restrict, an empty tuple lets nothing through."""

    statuses: tuple[str, ...] | None = None
    delivery_statuses: tuple[str, ...] | None = None
    ids: tuple[UUID, ...] | None = None
    account_ids: tuple[UUID, ...] | None = None
    campaign_ids: tuple[UUID, ...] | None = None
    adset_ids: tuple[UUID, ...] | None = None
    sellpage_ids: tuple[UUID, ...] | None = None
    ad_strategy_ids: tuple[UUID, ...] | None = None
    name_contains: str | None = None

    def conditions(self, level: Level) -> tuple[Condition, ...]:
        """The filter as conditions on an entity of this level."""
        lists = (
            (f"{ROW}.status", self.statuses, "text[]"),
            (f"{ROW}.delivery_status", self.delivery_statuses, "text[]"),
            (f"{ROW}.id", self.ids, "uuid[]"),
            (f"{ROW}.account_id", self.account_ids, "uuid[]"),
            (f"{ROW}.campaign_id", self.campaign_ids, "uuid[]"),
            (f"{ROW}.adset_id", self.adset_ids, "uuid[]"),
        )
        own = [Condition(f"{column} = ANY({{}})", values, kind) for column, values, kind in lists if values is not None]
        of_campaign = [
            _of_campaign(column, values, level)
            for column, values in (("sellpage_id", self.sellpage_ids), ("ad_strategy_id", self.ad_strategy_ids))
            if values is not None
        ]
        name = [] if self.name_contains is None else [name_contains(self.name_contains)]
        return (*own, *of_campaign, *name)


EVERYTHING = EntityFilter()


def _of_campaign(column: str, values: tuple[UUID, ...], level: Level) -> Condition:
    """A column that only campaigns have; an ad set or ad has that of its campaign."""
    if level is Level.CAMPAIGN:
        return Condition(f"{ROW}.{column} = ANY({{}})", values, "uuid[]")
    return Condition(
        f"{ROW}.campaign_id IN (SELECT c.id FROM campaigns AS c WHERE c.seller_id = $1 AND c.{column} = ANY({{}}))",  # noqa: S608  # ours
        values,
        "uuid[]",
    )
