"""Reading the CSV: its header and cells, with line and column in every complaint. Knows nothing of accounts."""

from __future__ import annotations

import csv
import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, NamedTuple

from app.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

COLUMNS = (
    "Date",
    "ad_id",
    "xyz_campaign_id",
    "fb_campaign_id",
    "age",
    "gender",
    "interest",
    "Impressions",
    "Clicks",
    "Spent",
    "Total_Conversion",
    "Approved_Conversion",
)
_DATE_FORMATS = ("%d-%m-%Y", "%Y-%m-%d")
_MAX_DIGITS = 15
_AGES = re.compile(r"(\d{2})-(\d{2})|(\d{2})\+")


class CsvRow(NamedTuple):
    """One line: one ad on one day. `spent` is in cents, rounded half up from the decimal in the file."""

    line: int
    day: date
    ad_id: str
    campaign_id: str
    adset_id: str
    ages: str
    gender: str
    interest: str
    impressions: int
    clicks: int
    spent: int
    conversions: int
    approved: int


def read_rows(path: Path) -> list[CsvRow]:
    """Every line after the header; at least one. Raises SetupError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(_read(path, csv.reader(file, strict=True)))
    except OSError as error:
        raise SetupError(f"The data set {path} can't be opened: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SetupError(f"The data set {path} is not UTF-8 text.") from error
    except csv.Error as error:
        raise SetupError(f"The data set {path} is not a CSV file: {error}.") from error
    if not rows:
        raise SetupError(f"The data set {path} has no line after its header.")
    return rows


def _read(path: Path, lines: Iterator[list[str]]) -> Iterator[CsvRow]:
    header = [name.strip() for name in next(lines, list[str]())]
    for column in COLUMNS:
        if header.count(column) != 1:
            raise _wrong(path, 1, column, "must stand in the header exactly once")
    for line, cells in enumerate(lines, start=2):
        if not cells:
            continue
        if len(cells) != len(header):
            missing = header[min(len(cells), len(header) - 1)]
            raise _wrong(path, line, missing, f"the line has {len(cells)} cells, {len(header)} are expected")
        yield _row(_Cells(path, line, dict(zip(header, (cell.strip() for cell in cells), strict=True))))


class _Cells(NamedTuple):
    path: Path
    line: int
    values: Mapping[str, str]

    def identifier(self, column: str) -> str:
        text = self.values[column]
        if not text.isascii() or not text.isdigit():
            raise self._wrong(column, "an id of digits")
        return text

    def count(self, column: str) -> int:
        text = self.values[column]
        if not text.isascii() or not text.isdigit() or len(text) > _MAX_DIGITS:
            raise self._wrong(column, "a whole number, zero or more")
        return int(text)

    def cents(self, column: str) -> int:
        try:
            amount = Decimal(self.values[column])
        except InvalidOperation:
            raise self._wrong(column, "a decimal number") from None
        if not amount.is_finite() or amount < 0 or amount.adjusted() > _MAX_DIGITS:
            raise self._wrong(column, "an amount, zero or more")
        return int(amount.scaleb(2).to_integral_value(ROUND_HALF_UP))

    def day(self, column: str) -> date:
        for form in _DATE_FORMATS:
            try:
                return datetime.strptime(self.values[column], form).date()  # noqa: DTZ007  # a plain calendar date
            except ValueError:
                continue
        raise self._wrong(column, "a date as DD-MM-YYYY or YYYY-MM-DD")

    def ages(self, column: str) -> str:
        if not _AGES.fullmatch(self.values[column]):
            raise self._wrong(column, "an age range such as 30-34")
        return self.values[column]

    def _wrong(self, column: str, expected: str) -> SetupError:
        return _wrong(self.path, self.line, column, f"{self.values[column]!r:.40} is not {expected}")


def _row(cells: _Cells) -> CsvRow:
    return CsvRow(
        line=cells.line,
        day=cells.day("Date"),
        ad_id=cells.identifier("ad_id"),
        campaign_id=cells.identifier("xyz_campaign_id"),
        adset_id=cells.identifier("fb_campaign_id"),
        ages=cells.ages("age"),
        gender=cells.values["gender"],
        interest=cells.values["interest"],
        impressions=cells.count("Impressions"),
        clicks=cells.count("Clicks"),
        spent=cells.cents("Spent"),
        conversions=cells.count("Total_Conversion"),
        approved=cells.count("Approved_Conversion"),
    )


def _wrong(path: Path, line: int, column: str, reason: str) -> SetupError:
    return SetupError(f"The data set {path}, line {line}, column {column}: {reason}.")
