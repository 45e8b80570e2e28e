"""Pages of insights: told apart into rows and what follows them, and read in the quickest way that they allow.

Rows in their usual shape are read by columns (`plain_insights`), all others one by one (`row_reading`).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from app.metrics.levels import Level
from app.providers.meta.rows.collector_pause import collector_paused
from app.providers.meta.rows.row_reading import RowReading
from app.providers.meta.values.answer_json import parse_json
from app.providers.meta.values.ids import is_account
from app.providers.meta.values.node import as_node

if TYPE_CHECKING:
    from app.providers.insight_rows import InsightRows
    from app.providers.meta.rows.insight_page_reader import InsightPageReader
    from app.providers.meta.values.node import Node
    from app.providers.sync_warnings import SyncWarnings


# What Meta's pages look like, so that their rows need not be read to know what follows them. In a text a quote would be
# escaped, so this ends a list and begins a name; what follows the last such place is JSON only at the page's own depth.
_ROWS_BEGIN = b'{"data":['
_ROWS_END = b'],"paging":'
_NO_ROWS = b"[]"
_NUL = rb"\u0000"  # which can't be stored, and is taken for text by the quick way


_decode_after_rows = msgspec.json.Decoder(dict[str, Any]).decode


class RowsText(NamedTuple):
    """Rows of a page as they came, and the page they stand in. False without rows."""

    rows: memoryview
    page: bytes

    def __bool__(self) -> bool:
        return len(self.rows) > len(_NO_ROWS)


class InsightParser:
    """Reads pages of one level. At ACCOUNT level a row carries the id that we know the account by.

    What can't be read of a page's rows is noted in `warnings`, and a gap of theirs.
    """

    def __init__(
        self, level: Level, account_external_id: str, reader: InsightPageReader, warnings: SyncWarnings
    ) -> None:
        self._level = level
        self._account_external_id = account_external_id
        self._reader = reader
        self._rows = RowReading(level, account_external_id, warnings)

    def parse_page(self, content: bytes, what: str) -> object:
        """The answer as JSON, with the rows of most pages as RowsText, for `read_rows`.

        Raises ProviderTransientError for what is no JSON; in rows that are left as text that shows later, when the
        answer has been counted as a good one.
        """
        end = content.rfind(_ROWS_END)
        if end > 0 and content.startswith(_ROWS_BEGIN) and _NUL not in content:
            with suppress(ValueError, RecursionError):  # msgspec's errors are ValueErrors
                after = _decode_after_rows(b"{" + content[end + 2 :])
                if "data" not in after:  # other rows would take the place of the first
                    rows = memoryview(content)[len(_ROWS_BEGIN) - 1 : end + 1]
                    return {"data": RowsText(rows, content), **after}
        return parse_json(content, what)

    async def read_rows(self, page: Node) -> InsightRows:
        """The rows of a page. Raises MisshapenError for a page without a list of them."""
        text = page.fields["data"]
        if isinstance(text, RowsText):
            rows = await self._reader.read(self._level, text.rows)
            if rows is not None and (known := self._as_known(rows)) is not None:
                return known
            page = as_node(parse_json(text.page, "the body"), page.what)
        with collector_paused():
            return self._rows.read(page.items("data"))

    def _as_known(self, rows: InsightRows) -> InsightRows | None:
        """The rows under the id that we know the account by; None where one is another account's."""
        if self._level is not Level.ACCOUNT:
            return rows
        if not all(is_account(each, self._account_external_id) for each in rows.external_ids):
            return None
        return replace(rows, external_ids=[self._account_external_id] * len(rows))
