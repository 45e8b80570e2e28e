"""The fields that insights are asked for with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import MisshapenError
from app.metrics.levels import Level
from app.providers.meta.values.node import as_node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# An id comes back only when it is asked for.
ID_FIELDS = {
    Level.ACCOUNT: "account_id",
    Level.CAMPAIGN: "campaign_id",
    Level.ADSET: "adset_id",
    Level.AD: "ad_id",
}
# The row names its entity and its parents, so that what no edge names any more keeps its name and place.
NAME_FIELDS = {
    Level.ACCOUNT: "account_name",
    Level.CAMPAIGN: "campaign_name",
    Level.ADSET: "adset_name",
    Level.AD: "ad_name",
}
PARENTS: Mapping[Level, Sequence[Level]] = {
    Level.ACCOUNT: (),
    Level.CAMPAIGN: (),
    Level.ADSET: (Level.CAMPAIGN,),
    Level.AD: (Level.CAMPAIGN, Level.ADSET),
}
RATIOS = ("cpm", "ctr", "cpc")
CURRENCY_FIELD = "account_currency"
_COUNTERS = "date_start,date_stop,spend,impressions,inline_link_clicks,actions,action_values,attribution_setting"


def insight_fields(level: Level) -> str:
    return ",".join((*named_fields(level), _COUNTERS, *RATIOS, CURRENCY_FIELD))


def named_fields(level: Level) -> list[str]:
    """Id and name of the entity and of each parent, in the order of an InsightRow."""
    return [field for each in (level, *PARENTS[level]) for field in (ID_FIELDS[each], NAME_FIELDS[each])]


def find_campaign_id(item: object) -> str | None:
    """The campaign that a row names; None of a row without one that can be read."""
    try:
        return as_node(item, "insights.data").identifier(ID_FIELDS[Level.CAMPAIGN])
    except MisshapenError:
        return None
