"""How one insights row is rendered: every metric a string, what is empty left out (as in Meta's Insights API)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from app.providers.sandbox.answers.actions import list_action_values, list_actions
from app.providers.sandbox.answers.field_names import INSIGHT_FIELDS
from app.providers.sandbox.answers.node_fields import find_value
from app.providers.sandbox.errors import unknown_field
from app.providers.sandbox.world.dataset import Delivered, Entity, Kind, minor_digits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from app.providers.sandbox.answers.fields import AskedField
    from app.providers.sandbox.answers.insight_ranges import Days
    from app.providers.sandbox.answers.live_account import LiveAccount

BASIC_FIELDS = ("account_id", "campaign_id", "impressions", "spend")
"""What a call without `fields` gets, as far as the level has it."""

_RATIO_PLACES = Decimal("0.000001")


class InsightRow(NamedTuple):
    """`entity` is None at account level; `windows` are the attribution windows that are asked for."""

    entity: Entity | None
    days: Days
    delivered: Delivered
    windows: tuple[str, ...] = ()


def check_fields(asked: Sequence[AskedField]) -> None:
    for each in asked:
        if each.name not in INSIGHT_FIELDS:
            raise unknown_field(each.name, "AdsInsights")


def render_row(live: LiveAccount, row: InsightRow, asked: Sequence[AskedField]) -> dict[str, object]:
    rendered: dict[str, object] = {}
    for name, shown, _ in asked:
        render = _RENDERERS.get(name)
        value = render(live, row) if render is not None else None
        if value:
            rendered[shown] = value
    return rendered | {"date_start": row.days.since.isoformat(), "date_stop": row.days.until.isoformat()}


def find_metric(live: LiveAccount, row: InsightRow, name: str) -> object | None:
    """A metric's shown value for filtering; a sum that is empty counts as zero."""
    render = _RENDERERS.get(name)
    return (render(live, row) or "0") if render is not None else None


def show_money(live: LiveAccount, row: InsightRow, minor: int) -> str:
    """A decimal string in units without trailing zeros, as Meta writes it: 533950 cents are "5339.5"."""
    return _trim(Decimal(minor).scaleb(-_minor_digits(live, row)))


def _minor_digits(live: LiveAccount, row: InsightRow) -> int:
    return minor_digits(live.currency_of(row.days.until))


def _trim(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _count(count: Callable[[Delivered], int]) -> Callable[[LiveAccount, InsightRow], object | None]:
    return lambda _live, row: str(count(row.delivered)) if count(row.delivered) else None


def _ratio(
    above: Callable[[Delivered], int],
    below: Callable[[Delivered], int],
    *,
    factor: int = 1,
    money: bool = True,
) -> Callable[[LiveAccount, InsightRow], object | None]:
    def render(live: LiveAccount, row: InsightRow) -> str | None:
        if not below(row.delivered) or not above(row.delivered):
            return None
        value = Decimal(above(row.delivered) * factor) / below(row.delivered)
        scaled = value.scaleb(-_minor_digits(live, row)) if money else value
        return _trim(scaled.quantize(_RATIO_PLACES, ROUND_HALF_UP))

    return render


def _own(level: Kind, name: str) -> Callable[[LiveAccount, InsightRow], object | None]:
    """A field of the row's entity or of its parent at that level."""

    def render(live: LiveAccount, row: InsightRow) -> object | None:
        lineage = live.lineage(row.entity.id) if row.entity is not None else ()
        found = next((each for each in lineage if each.kind is level), None)
        return find_value(live, found, name) if found is not None else None

    return render


def _actions(live: LiveAccount, row: InsightRow) -> object | None:
    return list_actions(_row_id(live, row), row.delivered, row.windows)


def _action_values(live: LiveAccount, row: InsightRow) -> object | None:
    return list_action_values(_row_id(live, row), row.delivered, partial(show_money, live, row), row.windows)


def _row_id(live: LiveAccount, row: InsightRow) -> str:
    return row.entity.id if row.entity is not None else live.account.id


_RENDERERS: Mapping[str, Callable[[LiveAccount, InsightRow], object | None]] = {
    "account_id": lambda live, _row: live.account.id,
    "account_name": lambda live, _row: live.account.name,
    "account_currency": lambda live, row: live.currency_of(row.days.until),
    "attribution_setting": lambda live, _row: live.account.attribution_setting,
    "campaign_id": _own(Kind.CAMPAIGN, "id"),
    "campaign_name": _own(Kind.CAMPAIGN, "name"),
    "objective": _own(Kind.CAMPAIGN, "objective"),
    "buying_type": _own(Kind.CAMPAIGN, "buying_type"),
    "adset_id": _own(Kind.ADSET, "id"),
    "adset_name": _own(Kind.ADSET, "name"),
    "optimization_goal": _own(Kind.ADSET, "optimization_goal"),
    "ad_id": _own(Kind.AD, "id"),
    "ad_name": _own(Kind.AD, "name"),
    "spend": lambda live, row: show_money(live, row, row.delivered.spend) if row.delivered.spend else None,
    "impressions": _count(lambda sum_: sum_.impressions),
    "clicks": _count(lambda sum_: sum_.clicks),
    "inline_link_clicks": _count(lambda sum_: sum_.link_clicks),
    "cpm": _ratio(lambda sum_: sum_.spend, lambda sum_: sum_.impressions, factor=1000),
    "cpc": _ratio(lambda sum_: sum_.spend, lambda sum_: sum_.clicks),
    "ctr": _ratio(lambda sum_: sum_.clicks, lambda sum_: sum_.impressions, factor=100, money=False),
    "inline_link_click_ctr": _ratio(
        lambda sum_: sum_.link_clicks,
        lambda sum_: sum_.impressions,
        factor=100,
        money=False,
    ),
    "cost_per_inline_link_click": _ratio(lambda sum_: sum_.spend, lambda sum_: sum_.link_clicks),
    "actions": _actions,
    "action_values": _action_values,
}
