"""Rows of insights: one at a time as they are spoken of, and by columns as they travel from a page to the store.

Rows come by the hundred thousand, and every step that makes an object for each costs more than what the step is for.
"""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003  # msgspec looks the columns' types up
from dataclasses import dataclass
from datetime import date  # noqa: TC003
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import orjson

from app.metrics.counters import Counters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class InsightRow(NamedTuple):
    """One entity's day. `stat_date` is local in the account's zone.

    `external_id` is the entity's at the level that was asked for; at ACCOUNT level the account's.
    `reported_ratios` are the platform's own cpm, ctr, cpc as decimal strings, for audit only.
    `name` is the entity's, the other names and ids those of its parents, as the row itself tells them, so that an
    entity which no listing names any more can still be kept. A parent that the level has not is None.
    `currency` is what the row says its money is in, an ISO 4217 code; None: it does not say.
    """

    external_id: str
    stat_date: date
    counters: Counters
    reported_ratios: Mapping[str, str] = MappingProxyType({})
    attribution_setting: str | None = None
    name: str | None = None
    campaign_external_id: str | None = None
    campaign_name: str | None = None
    adset_external_id: str | None = None
    adset_name: str | None = None
    currency: str | None = None


class Gap(NamedTuple):
    """What can't be read of a platform's rows: what is stored of it stays as it is.

    `external_id` or `stat_date` None: it could be any entity's, or any day's. `counters` names what is not known of a
    row that is there otherwise, by the fields of Counters, and `place` is that row's; None: the whole row is missing.
    """

    external_id: str | None = None
    stat_date: date | None = None
    counters: frozenset[str] | None = None
    place: int | None = None


LINEAGE_FIELDS = InsightRow._fields[InsightRow._fields.index("name") : InsightRow._fields.index("currency")]


@dataclass(frozen=True, slots=True)
class InsightRows:
    """Rows of one level, column by column: each of as many items. Iterating gives an InsightRow for each."""

    external_ids: list[str]
    stat_dates: list[date]
    counters: Sequence[list[int]]
    """In the order of Counters."""
    reported_ratios: list[str | None]
    """JSON of an object; None of a row without any."""
    attribution_settings: list[str | None]
    lineage: Sequence[list[str | None]]
    """In the order of LINEAGE_FIELDS."""
    currencies: list[str | None]
    """What each row says that its money is in, an ISO 4217 code."""
    gaps: tuple[Gap, ...] = ()
    """In no order; counters that are not known are 0 in their row."""

    def __len__(self) -> int:
        return len(self.external_ids)

    def __iter__(self) -> Iterator[InsightRow]:
        counters = map(Counters._make, zip(*self.counters, strict=True))
        ratios = map(_parse_ratios, self.reported_ratios)
        texts = (self.attribution_settings, *self.lineage, self.currencies)
        columns = (self.external_ids, self.stat_dates, counters, ratios, *texts)
        return map(InsightRow._make, zip(*columns, strict=True))

    def pick(self, places: list[int]) -> InsightRows:
        """The rows at these places, in that order; gaps have no place."""
        if places == list(range(len(self))):
            return self
        return InsightRows(
            [self.external_ids[place] for place in places],
            [self.stat_dates[place] for place in places],
            [[column[place] for place in places] for column in self.counters],
            [self.reported_ratios[place] for place in places],
            [self.attribution_settings[place] for place in places],
            [[column[place] for place in places] for column in self.lineage],
            [self.currencies[place] for place in places],
        )


def _parse_ratios(text: str | None) -> Mapping[str, str]:
    return orjson.loads(text) if text else {}


def rows_of(rows: Iterable[InsightRow], gaps: Iterable[Gap] = ()) -> InsightRows:
    """The same rows by columns."""
    listed = list(rows)
    return InsightRows(
        [row.external_id for row in listed],
        [row.stat_date for row in listed],
        [[row.counters[place] for row in listed] for place in range(len(Counters._fields))],
        [orjson.dumps(dict(row.reported_ratios)).decode() if row.reported_ratios else None for row in listed],
        [row.attribution_setting for row in listed],
        [[getattr(row, name) for row in listed] for name in LINEAGE_FIELDS],
        [row.currency for row in listed],
        tuple(gaps),
    )


def chain_rows(pages: Iterable[InsightRows]) -> InsightRows:
    """All rows of the pages, one after the other."""
    listed = list(pages) or [rows_of(())]
    if len(listed) == 1:
        return listed[0]
    return InsightRows(
        list(chain.from_iterable(page.external_ids for page in listed)),
        list(chain.from_iterable(page.stat_dates for page in listed)),
        [list(chain.from_iterable(columns)) for columns in zip(*(page.counters for page in listed), strict=True)],
        list(chain.from_iterable(page.reported_ratios for page in listed)),
        list(chain.from_iterable(page.attribution_settings for page in listed)),
        [list(chain.from_iterable(columns)) for columns in zip(*(page.lineage for page in listed), strict=True)],
        list(chain.from_iterable(page.currencies for page in listed)),
        tuple(_chain_gaps(listed)),
    )


def _chain_gaps(pages: Iterable[InsightRows]) -> Iterator[Gap]:
    before = 0
    for page in pages:
        for gap in page.gaps:
            yield gap if gap.place is None else gap._replace(place=before + gap.place)
        before += len(page)
