"""The daily statistics of the data set, as the bytes of a binary COPY: day by day, as syncs would have written them.

What an ad set, a campaign and an account have is the sum of their ads. Format: PostgreSQL's documentation of COPY,
"Binary Format".
"""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

from app.metrics.counters import Counters
from app.metrics.levels import Level
from tests.benchmarks.population import Scale, Seller, list_entities, list_sellers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from uuid import UUID

COLUMNS = ("seller_id", "level", "stat_date", "entity_id", "account_id", *Counters._fields, "fetched_at")
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = struct.pack(">h", -1)

_EPOCH = date(2000, 1, 1)
_EPOCH_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
# Each field stands behind its length; the first number is the count of fields.
_HEAD = struct.Struct(">hi16sihii")
_NAMES = struct.Struct(">i16si16s")
_TAIL = struct.Struct(">" + "iq" * (len(Counters._fields) + 1))
_NOISE_LENGTH = 1009  # a prime, so that neighbours don't march in step

Numbers = tuple[int, ...]


class Habit(NamedTuple):
    """What an ad is like on an ordinary day; rates are per million of the counter before."""

    impressions: int
    cpm_micros: int
    clicks: int
    views: int
    carts: int
    checkouts: int
    purchases: int
    basket_micros: int

    def on(self, factor: int) -> Numbers:
        """A day's counters, in the order of `Counters`; `factor` is in thousandths."""
        impressions = self.impressions * factor // 1000
        clicks = impressions * self.clicks // 1_000_000
        views = clicks * self.views // 1_000_000
        carts = views * self.carts // 1_000_000
        checkouts = carts * self.checkouts // 1_000_000
        purchases = checkouts * self.purchases // 1_000_000
        spend = impressions * self.cpm_micros // 1000
        return spend, impressions, clicks, views, carts, checkouts, purchases, purchases * self.basket_micros


def _habit(source: random.Random) -> Habit:
    return Habit(
        impressions=int(source.lognormvariate(7.5, 0.9)),
        cpm_micros=source.randrange(2_000_000, 14_000_000),
        clicks=source.randrange(8_000, 40_000),
        views=source.randrange(500_000, 900_000),
        carts=source.randrange(60_000, 250_000),
        checkouts=source.randrange(300_000, 700_000),
        purchases=source.randrange(300_000, 800_000),
        basket_micros=source.randrange(15_000_000, 120_000_000),
    )


class _Adset(NamedTuple):
    id: UUID
    ads: list[tuple[UUID, Habit]]


class _Campaign(NamedTuple):
    id: UUID
    adsets: list[_Adset]


@dataclass(frozen=True, slots=True)
class _Tree:
    """One seller's ads by campaign and ad set, with their habits."""

    seller: Seller
    campaigns: list[_Campaign]


def _tree(scale: Scale, seed: int, seller: Seller, place: int) -> _Tree:
    source = random.Random(seed * 7_919 + place)
    campaigns: list[_Campaign] = []
    for entity in list_entities(scale, seed, place):
        if entity.level is Level.CAMPAIGN:
            campaigns.append(_Campaign(entity.id, []))
        elif entity.level is Level.ADSET:
            campaigns[-1].adsets.append(_Adset(entity.id, []))
        else:
            campaigns[-1].adsets[-1].ads.append((entity.id, _habit(source)))
    return _Tree(seller, campaigns)


async def daily_rows(scale: Scale, seed: int) -> AsyncIterator[bytes]:
    """The whole COPY, a chunk for each day of each seller."""
    noise = random.Random(seed)
    factors = [noise.randrange(400, 1700) for _ in range(_NOISE_LENGTH)]
    trees = [_tree(scale, seed, seller, place) for place, seller in enumerate(list_sellers(scale, seed))]
    yield HEADER
    for number, day in enumerate(scale.days_in_order()):
        for tree in trees:
            yield _one_day(tree, day, factors, shift=number * 389)
    yield TRAILER


def _one_day(tree: _Tree, day: date, factors: list[int], *, shift: int) -> bytes:
    levels: dict[Level, list[tuple[UUID, Numbers]]] = {level: [] for level in Level}
    place = shift
    for campaign in tree.campaigns:
        of_adsets: list[Numbers] = []
        for adset in campaign.adsets:
            of_ads: list[Numbers] = []
            for ad, habit in adset.ads:
                place += 1
                numbers = habit.on(factors[place % _NOISE_LENGTH])
                levels[Level.AD].append((ad, numbers))
                of_ads.append(numbers)
            of_adsets.append(_sum(of_ads))
            levels[Level.ADSET].append((adset.id, of_adsets[-1]))
        levels[Level.CAMPAIGN].append((campaign.id, _sum(of_adsets)))
    account = _sum(numbers for _, numbers in levels[Level.CAMPAIGN])
    levels[Level.ACCOUNT].append((tree.seller.account_id, account))
    return b"".join(_packed(tree.seller, level, day, rows) for level, rows in levels.items())


def _sum(rows: Iterable[Numbers]) -> Numbers:
    return tuple(map(sum, zip(*rows, strict=True)))


def _packed(seller: Seller, level: Level, day: date, rows: list[tuple[UUID, Numbers]]) -> bytes:
    head = _HEAD.pack(len(COLUMNS), 16, seller.id.bytes, 2, level, 4, (day - _EPOCH).days)
    account, fetched = seller.account_id.bytes, (fetched_at(day) - _EPOCH_MOMENT) // timedelta(microseconds=1)
    pieces: list[bytes] = []
    for entity, (a, b, c, d, e, f, g, h) in rows:
        pieces += (
            head,
            _NAMES.pack(16, entity.bytes, 16, account),
            _TAIL.pack(8, a, 8, b, 8, c, 8, d, 8, e, 8, f, 8, g, 8, h, 8, fetched),
        )
    return b"".join(pieces)


def fetched_at(day: date) -> datetime:
    """When a day was fetched last: in the morning after."""
    return datetime.combine(day + timedelta(days=1), time(6), tzinfo=UTC)
