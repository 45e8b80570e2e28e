"""Insight rows read one by one, field by field. A row that can't be read costs itself, a counter no more than itself.

What is empty is left out by Meta and counts 0. What can't be read is a Gap, so that it is not taken for 0, and noted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from app.errors import MisshapenError
from app.metrics.currencies import CODES
from app.metrics.levels import Level
from app.providers.insight_rows import Gap, InsightRow, InsightRows, rows_of
from app.providers.meta.rows.counter_reading import SOURCES, read_counters
from app.providers.meta.rows.insight_fields import CURRENCY_FIELD, ID_FIELDS, NAME_FIELDS, PARENTS, RATIOS
from app.providers.meta.values.ids import is_account
from app.providers.meta.values.node import Node, as_node
from app.providers.sync_warnings import Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from app.providers.sync_warnings import SyncWarnings


class RowReading:
    """Reads rows of one level. At ACCOUNT level a row carries the id that we know the account by."""

    def __init__(self, level: Level, account_external_id: str, warnings: SyncWarnings) -> None:
        self._level = level
        self._account_external_id = account_external_id
        self._warnings = warnings

    def read(self, items: Sequence[object]) -> InsightRows:
        """The rows that can be read, and what is missing of them and beside them."""
        rows: list[InsightRow] = []
        gaps: list[Gap] = []
        for item in items:
            try:
                row, unknown = self._read_row(as_node(item, "insights.data"))
            except MisshapenError as error:
                gaps.append(self._lose(item, str(error)))
                continue
            if unknown:
                gaps.append(Gap(row.external_id, row.stat_date, unknown, len(rows)))
            rows.append(row)
        return rows_of(rows, gaps)

    def _read_row(self, node: Node) -> tuple[InsightRow, frozenset[str]]:
        """The row, and which of its counters are not known."""
        level = self._level
        odd = _OddFields(node, self._read_id(node), node.day("date_start"), self._warnings)
        _require_one_day(node, odd)
        if level is Level.ACCOUNT and self._find_id_said(node) is None:
            odd.note("The row's account_id can't be read; the row is taken for the account's.", "account_id")
        read = read_counters(node)
        for field in _fields_of(read.unknown):
            odd.note(f"The row's {field} can't be read; what was known of it stays.", field)
        for field in _fields_of(read.negative):
            odd.note(f"The row's {field} has a number below 0; it counts as it came.", field)
        for field in read.ambiguous:
            odd.note(f"The row's {field} has one action twice with different values; the later one counts.", field)
        row = InsightRow(
            external_id=odd.external_id,
            stat_date=odd.stat_date,
            counters=read.counters,
            reported_ratios={name: text for name in RATIOS if (text := odd.ratio(name)) is not None},
            attribution_setting=odd.text("attribution_setting"),
            name=odd.text(NAME_FIELDS[level]),
            campaign_external_id=_of_parent(odd.identifier, level, Level.CAMPAIGN, ID_FIELDS),
            campaign_name=_of_parent(odd.text, level, Level.CAMPAIGN, NAME_FIELDS),
            adset_external_id=_of_parent(odd.identifier, level, Level.ADSET, ID_FIELDS),
            adset_name=_of_parent(odd.text, level, Level.ADSET, NAME_FIELDS),
            currency=odd.currency(CURRENCY_FIELD),
        )
        return row, read.unknown

    def _read_id(self, node: Node) -> str:
        """At ACCOUNT level a row that names no account can be no other's than that of the account that was asked."""
        if self._level is not Level.ACCOUNT:
            return node.identifier(ID_FIELDS[self._level])
        said = self._find_id_said(node)
        if said is not None and not is_account(said, self._account_external_id):
            raise node.misshapen(ID_FIELDS[self._level], "is another account's")
        return self._account_external_id

    def _lose(self, item: object, reason: str) -> Gap:
        """What can be said of a row that can't be read."""
        node = Node(cast("Mapping[str, object]", item) if isinstance(item, dict) else {}, "insights.data")
        external_id = self._find_id(node)
        stat_date = _find_day(node)
        sentence = f"A row of statistics was left out; what was known of it stays. {reason}."
        self._warnings.note(
            Subject.INSIGHTS_ROW, sentence, external_id=external_id, day=stat_date, found=cast("object", item)
        )
        return Gap(external_id, stat_date)

    def _find_id(self, node: Node) -> str | None:
        return self._account_external_id if self._level is Level.ACCOUNT else self._find_id_said(node)

    def _find_id_said(self, node: Node) -> str | None:
        """The id in the row; None where it has none that can be read."""
        try:
            return node.optional_identifier(ID_FIELDS[self._level])
        except MisshapenError:
            return None


class _OddFields:
    """Fields of a row that it can do without: what can't be read is noted and None."""

    def __init__(self, node: Node, external_id: str, stat_date: date, warnings: SyncWarnings) -> None:
        self.external_id = external_id
        self.stat_date = stat_date
        self._node = node
        self._warnings = warnings

    def ratio(self, name: str) -> str | None:
        """One of the platform's own, of which no number of ours is made."""
        return self._read(name, self._node.ratio_text, "The platform's own {} of the row")

    def text(self, name: str) -> str | None:
        return self._read(name, self._node.optional_text)

    def identifier(self, name: str) -> str | None:
        return self._read(name, self._node.optional_identifier)

    def currency(self, name: str) -> str | None:
        found = self.text(name)
        if found is None or found in CODES:
            return found
        self.note(f"The row's {name} is not a currency that is known here; its money is taken for the day's.", name)
        return None

    def note(self, sentence: str, name: str) -> None:
        self._warnings.note(
            Subject.INSIGHTS_ROW,
            sentence,
            external_id=self.external_id,
            day=self.stat_date,
            found=self._node.fields.get(name),
        )

    def _read(self, name: str, read: Callable[[str], str | None], what: str = "The row's {}") -> str | None:
        try:
            return read(name)
        except MisshapenError:
            self.note(f"{what.format(name)} can't be read and was left out.", name)
            return None


def _fields_of(counters: Iterable[str]) -> list[str]:
    """The fields of a row that these counters are read from."""
    return list(dict.fromkeys(SOURCES[name] for name in sorted(counters)))


def _require_one_day(node: Node, odd: _OddFields) -> None:
    """Rows are asked for by the day: without a `date_stop` that can be read, a row is its `date_start`'s."""
    if node.fields.get("date_stop") == node.fields["date_start"]:
        return
    try:
        last = node.day("date_stop")
    except MisshapenError:
        odd.note("The row's date_stop can't be read; the row is taken for that of its date_start.", "date_stop")
        return
    if last != odd.stat_date:
        raise node.misshapen("date_stop", "is another day than date_start")


def _find_day(node: Node) -> date | None:
    """The day of a row that is one day's."""
    try:
        return node.day("date_start") if node.fields.get("date_stop") == node.fields.get("date_start") else None
    except MisshapenError:
        return None


def _of_parent(
    read: Callable[[str], str | None], level: Level, parent: Level, fields: Mapping[Level, str]
) -> str | None:
    return read(fields[parent]) if parent in PARENTS[level] else None
