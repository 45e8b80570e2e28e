"""Rows of insights in the one shape that Meta sends nearly always, read by columns: text, digits, lists of actions.

A shortcut of `parse_insights` and nothing of its own: a page with anything in any other shape is left to it, which
reads it field by field or says what is wrong with it. Both give the same rows. It is denser than the rest because every
ad passes through it for every day of every fetch: its cost is that of a sync. What is done for a whole page at a time
costs a fraction of what it costs for each row (measured with `python -m tests.benchmarks ingest`).
"""

from __future__ import annotations

import re
from operator import attrgetter
from typing import TYPE_CHECKING, cast

import msgspec

from app.metrics.currencies import CODES
from app.metrics.money import MICRO_DIGITS
from app.providers.insight_rows import LINEAGE_FIELDS, InsightRows, rows_of
from app.providers.meta.rows.actions import ADD_TO_CART, INITIATE_CHECKOUT, PURCHASE, VIEW_CONTENT
from app.providers.meta.rows.insight_fields import RATIOS, named_fields
from app.providers.meta.values.ids import MOST_CHARACTERS
from app.providers.meta.values.node import parse_date

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app.metrics.levels import Level

_CURRENCIES = CODES | {None}
# Digits that reach no limit of the careful way: of impressions, of other counts, of amounts.
_MOST_SHOWN_DIGITS = 11
_MOST_DONE_DIGITS = 10
_MAX_DIGITS = 12
_ALL_RATIOS = "{" + ",".join(f'"{name}":"%s"' for name in RATIOS) + "}"
_SCALES = {decimals: 10 ** (MICRO_DIGITS - decimals) for decimals in range(MICRO_DIGITS + 1)}
_CENT = _SCALES[2]
_NO_COUNT = "0"
_NO_AMOUNT = "0.00"
_are_cents = re.compile(r"\d{1,10}\.\d\d(?:,\d{1,10}\.\d\d)*", re.ASCII).fullmatch
_RATIO = r"\d{1,30}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,2})?"
_are_ratios = re.compile(f"{_RATIO}(?:,{_RATIO})*", re.ASCII).fullmatch


class _UnusualError(ValueError):
    """Not the usual shape."""


class _Action(msgspec.Struct, gc=False):
    action_type: str
    value: str


class _Row(msgspec.Struct, gc=False):
    """What is left out counts 0; what is there in another shape, null among it, makes the page unusual."""

    date_start: str
    date_stop: str
    account_id: str | None = None
    account_name: str | None = None
    campaign_id: str | None = None
    campaign_name: str | None = None
    adset_id: str | None = None
    adset_name: str | None = None
    ad_id: str | None = None
    ad_name: str | None = None
    spend: str = _NO_AMOUNT
    impressions: str = _NO_COUNT
    inline_link_clicks: str = _NO_COUNT
    actions: list[_Action] = []
    action_values: list[_Action] = []
    attribution_setting: str | None = None
    cpm: str | None = None
    ctr: str | None = None
    cpc: str | None = None
    account_currency: str | None = None


_decode = msgspec.json.Decoder(list[_Row]).decode


class PlainInsights:
    """Reads the rows of pages of one level."""

    def __init__(self, level: Level) -> None:
        self._named = [cast("Callable[[_Row], str | None]", attrgetter(field)) for field in named_fields(level)]

    def read(self, content: bytes | memoryview) -> InsightRows | None:
        """The rows of a page's `data`; None of one with anything in any other shape."""
        try:
            rows = _decode(content)
            return self._by_columns(rows) if rows else rows_of(())
        except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
            return None

    def _by_columns(self, rows: list[_Row]) -> InsightRows:
        days = [row.date_start for row in rows]
        external_ids, *lineage = [list(map(read, rows)) for read in self._named]
        if days != [row.date_stop for row in rows] or None in external_ids or not _have_ids(external_ids, lineage):
            raise _UnusualError
        stat_dates = list(map(parse_date, days))
        return InsightRows(
            cast("list[str]", external_ids),
            stat_dates,
            _counter_columns(rows),
            _ratios(rows),
            [row.attribution_setting for row in rows],
            [*lineage, *([None] * len(rows) for _ in range(len(LINEAGE_FIELDS) - len(lineage)))],
            _currencies(rows),
        )


def _currencies(rows: list[_Row]) -> list[str | None]:
    """What is no currency makes the page unusual."""
    found = [row.account_currency for row in rows]
    if not set(found) <= _CURRENCIES:
        raise _UnusualError
    return found


def _have_ids(external_ids: list[str | None], lineage: list[list[str | None]]) -> bool:
    """Whether all ids are ids; in a lineage they stand between names."""
    return all(map(_are_ids, (external_ids, *lineage[1::2])))


def _are_ids(column: list[str | None]) -> bool:
    """What is left out is none that is wrong."""
    found = {each for each in column if each is not None}
    joined = "".join(found)
    visible = joined.isascii() and joined.isprintable() and " " not in joined
    return not found or (visible and "" not in found and max(map(len, found)) <= MOST_CHARACTERS)


def _counter_columns(rows: list[_Row]) -> list[list[int]]:
    """In the order of Counters."""
    actions = [_by_type(row.actions) for row in rows]
    values = [_by_type(row.action_values) for row in rows]
    return [
        _micros([row.spend for row in rows]),
        _counts([row.impressions for row in rows], _MOST_SHOWN_DIGITS),
        _counts([row.inline_link_clicks for row in rows]),
        _counts(_chosen(actions, VIEW_CONTENT, absent=_NO_COUNT)),
        _counts(_chosen(actions, ADD_TO_CART, absent=_NO_COUNT)),
        _counts(_chosen(actions, INITIATE_CHECKOUT, absent=_NO_COUNT)),
        _counts(_chosen(actions, PURCHASE, absent=_NO_COUNT)),
        _micros(_chosen(values, PURCHASE, absent=_NO_AMOUNT)),
    ]


def _by_type(listed: list[_Action]) -> dict[str, str]:
    """One type twice makes the page unusual."""
    found = {each.action_type: each.value for each in listed}
    if len(found) != len(listed):
        raise _UnusualError
    return found


def _chosen(found: list[dict[str, str]], priority: Sequence[str], *, absent: str) -> list[str]:
    """The value of each row under the first type that is present."""
    preferred = priority[0]
    there = [kind for kind in priority if any(kind in each for each in found)]
    return [
        each[preferred] if preferred in each else next((each[kind] for kind in there if kind in each), absent)
        for each in found
    ]


def _counts(texts: list[str], most_digits: int = _MOST_DONE_DIGITS) -> list[int]:
    """Whole numbers, written in digits only."""
    joined = "".join(texts)
    if joined.isdecimal() and joined.isascii() and max(map(len, texts)) <= most_digits:
        return list(map(int, texts))
    raise _UnusualError


def _micros(texts: list[str]) -> list[int]:
    """Amounts; nearly always all of them have two decimals."""
    joined = ",".join(texts)
    if _are_cents(joined) and joined.count(",") == len(texts) - 1:
        return [int(cents) * _CENT for cents in joined.replace(".", "").split(",")]
    return list(map(plain_micros, texts))


def plain_micros(text: str) -> int:
    """An amount with at most six decimals: its digits, and as many zeros as are missing."""
    whole, _, fraction = text.partition(".")
    digits = whole + fraction
    is_plain = digits.isdecimal() and digits.isascii() and len(digits) <= _MAX_DIGITS and len(whole) < _MAX_DIGITS
    if is_plain and len(fraction) in _SCALES:
        return int(digits) * _SCALES[len(fraction)]
    raise _UnusualError


def _ratios(rows: list[_Row]) -> list[str | None]:
    """The platform's own ratios, as they stand."""
    columns = [row.cpm for row in rows], [row.ctr for row in rows], [row.cpc for row in rows]
    present = [text for column in columns for text in column if text is not None]
    joined = ",".join(present)
    if present and not (_are_ratios(joined) and joined.count(",") == len(present) - 1):
        raise _UnusualError
    if len(present) == len(RATIOS) * len(rows):
        return list(map(_ALL_RATIOS.__mod__, zip(*columns, strict=True)))
    return [_ratios_of(texts) for texts in zip(*columns, strict=True)]


def _ratios_of(texts: Sequence[str | None]) -> str | None:
    named = [f'"{name}":"{text}"' for name, text in zip(RATIOS, texts, strict=True) if text is not None]
    return f"{{{','.join(named)}}}" if named else None
