"""Which entities a list is about, at any level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.metrics.levels import Level
from app.queries.lists.conditions import Condition, MetricCondition, OfParent, Plain, name_contains, one_of
from app.queries.lists.entities import ENTITIES, PARENT_COLUMNS
from app.queries.lists.selects import ROW

if TYPE_CHECKING:
    from uuid import UUID

_OF_CURRENCY = Plain(
    f"{ROW}.account_id IN (SELECT c.id FROM fb_connections AS c WHERE c.seller_id = $1 AND c.currency = {{}})",
    None,
    "text",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityFilter:
    """AND over the fields, OR within one; None does not restrict, an empty tuple of values lets nothing through.

    All of `metrics` must hold. `campaign` and `adset` are about what the entity is part of: its fields and numbers.
    """

    statuses: tuple[str, ...] | None = None
    delivery_statuses: tuple[str, ...] | None = None
    ids: tuple[UUID, ...] | None = None
    account_ids: tuple[UUID, ...] | None = None
    campaign_ids: tuple[UUID, ...] | None = None
    adset_ids: tuple[UUID, ...] | None = None
    sellpage_ids: tuple[UUID, ...] | None = None
    ad_strategy_ids: tuple[UUID, ...] | None = None
    name_contains: str | None = None
    currency: str | None = None
    metrics: tuple[MetricCondition, ...] = ()
    campaign: EntityFilter | None = None
    adset: EntityFilter | None = None

    def conditions(self, level: Level) -> tuple[Condition, ...]:
        """The filter as conditions on an entity of this level."""
        found: list[Condition] = [
            one_of(column, values, sql_type) for column, values, sql_type in self._lists() if values is not None
        ]
        if self.currency is not None:
            found.append(_OF_CURRENCY._replace(value=self.currency))
        if self.name_contains is not None:
            found.append(name_contains(self.name_contains))
        return (*found, *self._of_campaign(level), *self._of_parents(), *self.metrics)

    def _lists(self) -> tuple[tuple[str, tuple[str, ...] | tuple[UUID, ...] | None, str], ...]:
        return (
            (f"{ROW}.status", self.statuses, "text[]"),
            (f"{ROW}.delivery_status", self.delivery_statuses, "text[]"),
            (f"{ROW}.id", self.ids, "uuid[]"),
            (f"{ROW}.account_id", self.account_ids, "uuid[]"),
            (f"{ROW}.campaign_id", self.campaign_ids, "uuid[]"),
            (f"{ROW}.adset_id", self.adset_ids, "uuid[]"),
        )

    def _of_campaign(self, level: Level) -> tuple[Condition, ...]:
        """Columns that only campaigns have; an ad set or ad has those of its campaign."""
        columns = (("sellpage_id", self.sellpage_ids), ("ad_strategy_id", self.ad_strategy_ids))
        own = tuple(one_of(f"{ROW}.{column}", values, "uuid[]") for column, values in columns if values is not None)
        return own if level is Level.CAMPAIGN or not own else (_part_of(Level.CAMPAIGN, own),)

    def _of_parents(self) -> tuple[Condition, ...]:
        parents = ((Level.CAMPAIGN, self.campaign), (Level.ADSET, self.adset))
        return tuple(
            _part_of(level, conditions)
            for level, wanted in parents
            if wanted is not None and (conditions := wanted.conditions(level))
        )


EVERYTHING = EntityFilter()


def _part_of(level: Level, conditions: tuple[Condition, ...]) -> OfParent:
    return OfParent(PARENT_COLUMNS[level.name], ENTITIES[level], conditions)
