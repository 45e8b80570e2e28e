"""Insight rows: Meta's strings as exact integers, one row per entity and day.

What is empty is left out by Meta and counts 0; cpm, ctr and cpc are kept as Meta's text and never computed with.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from app.errors import ProviderTransientError
from app.metrics.counters import Counters
from app.metrics.levels import Level
from app.providers.insight_rows import InsightRow, InsightRows, rows_of
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
from app.providers.meta.insight_fields import ID_FIELDS, NAME_FIELDS, PARENTS, RATIOS
from app.providers.meta.node import as_node, parse_json
from app.providers.sync_warnings import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from app.providers.meta.insight_page_reader import InsightPageReader
    from app.providers.meta.node import Node
    from app.providers.sync_warnings import SyncWarnings


# What Meta's pages look like, so that their rows need not be read to know what follows them. In a text a quote would be
# escaped, so this ends a list and begins a name; what follows the last such place is JSON only at the page's own depth.
_ROWS_BEGIN = b'{"data":['
_ROWS_END = b'],"paging":'


class _AfterRows(msgspec.Struct):
    paging: Any
    error: Any = None
    data: msgspec.UnsetType = msgspec.UNSET  # other rows would take the place of the first


_decode_after_rows = msgspec.json.Decoder(_AfterRows).decode


class RowsText(NamedTuple):
    """Rows of a page as they came, and the page they stand in."""

    rows: memoryview
    page: bytes


class InsightParser:
    """Reads pages of one level. At ACCOUNT level a row carries the id that we know the account by.

    What is odd in a row and makes none of its numbers is noted in `warnings` and left out.
    """

    def __init__(
        self, level: Level, account_external_id: str, reader: InsightPageReader, warnings: SyncWarnings
    ) -> None:
        self._level = level
        self._account_external_id = account_external_id
        self._reader = reader
        self._warnings = warnings

    def parse_page(self, content: bytes, what: str) -> object:
        """The answer as JSON, with the rows of most pages as RowsText, for `read_rows`.

        Raises ProviderTransientError for what is no JSON; in rows that are left as text that shows later, when the
        answer has been counted as a good one.
        """
        end = content.rfind(_ROWS_END)
        if end > 0 and content.startswith(_ROWS_BEGIN):
            with suppress(ValueError, RecursionError):  # msgspec's errors are ValueErrors
                after = _decode_after_rows(b"{" + content[end + 2 :])
                rows = memoryview(content)[len(_ROWS_BEGIN) - 1 : end + 1]
                return {"data": RowsText(rows, content), "paging": after.paging, "error": after.error}
        return parse_json(content, what)

    async def read_rows(self, page: Node) -> InsightRows:
        """The rows of a page. Raises ProviderTransientError where one can't be read."""
        text = page.fields["data"]
        if isinstance(text, RowsText):
            if (rows := await self._reader.read(self._level, text.rows)) is not None:
                return self._as_known(rows)
            page = as_node(parse_json(text.page, "the body"), page.what)
        with collector_paused():
            return rows_of(self.parse_carefully(node) for node in page.children("data"))

    def _as_known(self, rows: InsightRows) -> InsightRows:
        if self._level is not Level.ACCOUNT:
            return rows
        return replace(rows, external_ids=[self._account_external_id] * len(rows))

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
            reported_ratios=self._ratios(node, external_id, stat_date),
            attribution_setting=node.optional_text("attribution_setting"),
            name=node.optional_text(NAME_FIELDS[level]),
            campaign_external_id=_of_parent(node, level, Level.CAMPAIGN, ID_FIELDS),
            campaign_name=_of_parent(node, level, Level.CAMPAIGN, NAME_FIELDS),
            adset_external_id=_of_parent(node, level, Level.ADSET, ID_FIELDS),
            adset_name=_of_parent(node, level, Level.ADSET, NAME_FIELDS),
        )

    def _ratios(self, node: Node, external_id: str, stat_date: date) -> dict[str, str]:
        """Those that can be read. No number of ours is made of them, so that an odd one costs nothing else."""
        ratios: dict[str, str] = {}
        for name in RATIOS:
            try:
                text = node.ratio_text(name)
            except ProviderTransientError:
                sentence = f"The platform's own {name} of the row can't be read and was left out."
                found = node.fields[name]
                self._warnings.note(Subject.INSIGHTS_ROW, sentence, external_id=external_id, day=stat_date, found=found)
            else:
                if text is not None:
                    ratios[name] = text
        return ratios


def _of_parent(node: Node, level: Level, parent: Level, fields: Mapping[Level, str]) -> str | None:
    return node.optional_text(fields[parent]) if parent in PARENTS[level] else None


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
