"""Insight rows: Meta's strings as exact integers, one row per entity and day.

What is empty is left out by Meta and counts 0; cpm, ctr and cpc are kept as Meta's text and never computed with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from app.metrics.counters import Counters
from app.metrics.levels import Level
from app.providers.contract import InsightRow
from app.providers.meta.actions import (
    ADD_TO_CART,
    INITIATE_CHECKOUT,
    PURCHASE,
    VIEW_CONTENT,
    action_count,
    action_micros,
    by_action_type,
)
from app.providers.meta.collector_pause import collector_paused
from app.providers.meta.node import as_node, parse_json
from app.providers.meta.plain_insights import RATIOS, PlainInsights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.providers.meta.node import Node

# An id comes back only when it is asked for.
ID_FIELDS = {
    Level.ACCOUNT: "account_id",
    Level.CAMPAIGN: "campaign_id",
    Level.ADSET: "adset_id",
    Level.AD: "ad_id",
}
# The row names its entity and its parents, so that what no edge names any more keeps its name and place.
_NAME_FIELDS = {
    Level.ACCOUNT: "account_name",
    Level.CAMPAIGN: "campaign_name",
    Level.ADSET: "adset_name",
    Level.AD: "ad_name",
}
_PARENTS: Mapping[Level, Sequence[Level]] = {
    Level.ACCOUNT: (),
    Level.CAMPAIGN: (),
    Level.ADSET: (Level.CAMPAIGN,),
    Level.AD: (Level.CAMPAIGN, Level.ADSET),
}
_COUNTERS = "date_start,date_stop,spend,impressions,inline_link_clicks,actions,action_values,attribution_setting"


def insight_fields(level: Level) -> str:
    return ",".join((*_named_fields(level), _COUNTERS, *RATIOS))


def _named_fields(level: Level) -> list[str]:
    """Id and name of the entity and of each parent, in the order of an InsightRow."""
    return [field for each in (level, *_PARENTS[level]) for field in (ID_FIELDS[each], _NAME_FIELDS[each])]


class InsightParser:
    """Reads pages of one level. At ACCOUNT level a row carries the id that we know the account by."""

    def __init__(self, level: Level, account_external_id: str) -> None:
        self._level = level
        self._account_external_id = account_external_id
        self.plain = PlainInsights(
            _named_fields(level), external_id=account_external_id if level is Level.ACCOUNT else None
        )

    def parse_page(self, content: bytes, what: str) -> object:
        """The answer as JSON, its `data` as rows already. Raises ProviderTransientError where a row can't be read."""
        with collector_paused():
            if page := self.plain.read(content):
                return page._asdict()
            answer = parse_json(content, what)
            if isinstance(answer, dict):
                fields = cast("dict[str, object]", answer)
                if isinstance(fields.get("data"), list):
                    fields["data"] = [self.parse_carefully(row) for row in as_node(fields, "insights").children("data")]
            return cast("object", answer)

    def parse_carefully(self, node: Node) -> InsightRow:
        """One row, field by field. Raises ProviderTransientError, which names what has another shape."""
        level = self._level
        stat_date = node.day("date_start")
        if node.fields.get("date_stop") != node.fields["date_start"] and node.day("date_stop") != stat_date:
            raise node.misshapen("date_stop", "is another day than date_start")
        external_id = node.text(ID_FIELDS[level])
        return InsightRow(
            external_id=self._account_external_id if level is Level.ACCOUNT else external_id,
            stat_date=stat_date,
            counters=_counters(node),
            reported_ratios={name: text for name in RATIOS if (text := node.ratio_text(name)) is not None},
            attribution_setting=node.optional_text("attribution_setting"),
            name=node.optional_text(_NAME_FIELDS[level]),
            campaign_external_id=_of_parent(node, level, Level.CAMPAIGN, ID_FIELDS),
            campaign_name=_of_parent(node, level, Level.CAMPAIGN, _NAME_FIELDS),
            adset_external_id=_of_parent(node, level, Level.ADSET, ID_FIELDS),
            adset_name=_of_parent(node, level, Level.ADSET, _NAME_FIELDS),
        )


def _of_parent(node: Node, level: Level, parent: Level, fields: Mapping[Level, str]) -> str | None:
    return node.optional_text(fields[parent]) if parent in _PARENTS[level] else None


def _counters(node: Node) -> Counters:
    actions = by_action_type(node.children("actions"))
    values = by_action_type(node.children("action_values"))
    return Counters(
        spend_micros=node.micros("spend"),
        impressions=node.count("impressions"),
        link_clicks=node.count("inline_link_clicks"),
        content_views=action_count(actions, VIEW_CONTENT),
        add_to_cart=action_count(actions, ADD_TO_CART),
        checkout_initiated=action_count(actions, INITIATE_CHECKOUT),
        purchases=action_count(actions, PURCHASE),
        purchase_value_micros=action_micros(values, PURCHASE),
    )
