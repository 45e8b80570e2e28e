"""What the questions have for an answer, worked out in Python from the stored rows, day by day, with fractions.

Nothing of the product's SQL, metrics or rounding is used here.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from graphql_schema.types.global_id import global_id
from tests.benchmarks.orders_questions import HUNDREDTH, MIN_SPEND, PAGE, RANGES, Question, Scope
from tests.benchmarks.population import LAST_DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from app.database.driver import Driver
    from tests.benchmarks.population import Seller

MICROS = 10**6
_ROWS = """
SELECT entity_id, spend_micros, purchase_value_micros, impressions
FROM ad_stats_daily
WHERE seller_id = $1 AND level = 3 AND stat_date = $2
"""


class Ad(NamedTuple):
    """One ad's sums over a range."""

    id: UUID
    spend: int
    value: int
    impressions: int

    @property
    def rank(self) -> tuple[Fraction, UUID]:
        return (Fraction(self.value, self.spend) if self.spend else Fraction(0), self.id)


Truth = dict[int, list[Ad]]


async def read_truth(driver: Driver, seller: Seller) -> Truth:
    """For each range the ads that spent enough, in the order asked for."""
    found, sums = Truth(), dict[UUID, list[int]]()
    for back in range(max(RANGES)):
        for ad, *numbers in await driver.fetch(_ROWS, seller.id, LAST_DAY - timedelta(days=back)):
            sums[ad] = [mine + more for mine, more in zip(sums.get(ad, (0, 0, 0)), numbers, strict=True)]
        if back + 1 in RANGES:
            found[back + 1] = _in_order(Ad(key, *of_ad) for key, of_ad in sums.items())
    return found


def _in_order(ads: Iterable[Ad]) -> list[Ad]:
    return sorted((ad for ad in ads if ad.spend > MIN_SPEND * MICROS), key=lambda ad: ad.rank, reverse=True)


def check(question: Question, data: dict[str, Any], ads: list[Ad], campaigns: Mapping[UUID, str], asked: str) -> None:
    """Raise unless the data of an answer is right; `campaigns` maps an ad to the id of its campaign."""
    if question.scope is Scope.NESTED:
        for node in data["campaigns"]["nodes"]:
            _check_list(question, node["ads"], [ad for ad in ads if campaigns[ad.id] == node["id"]])
    elif question.scope is Scope.CAMPAIGN:
        _check_list(question, data["ads"], [ad for ad in ads if campaigns[ad.id] == asked])
    else:
        _check_list(question, data["ads"], ads)


def _check_list(question: Question, found: dict[str, Any], ads: list[Ad]) -> None:
    start = HUNDREDTH if question.hundredth else 0
    _same([_shown(node) for node in found["nodes"]], [_expected(ad) for ad in ads[start : start + PAGE]])
    if question.totals:
        _same(found["totalCount"], len(ads))
        total = _expected(Ad(ads[0].id, *(sum(column) for column in zip(*(ad[1:] for ad in ads), strict=True))))
        _same(_shown({"id": total[0], "metrics": found["summary"]}), total)


def _shown(node: dict[str, Any]) -> tuple[Any, ...]:
    metrics = node["metrics"]
    return node["id"], metrics["spend"], Decimal(str(metrics["roas"])), metrics["impressions"]


def _expected(ad: Ad) -> tuple[Any, ...]:
    return (
        global_id("Ad", ad.id),
        str(_rounded(Fraction(ad.spend, MICROS), "0.01")),
        _rounded(ad.rank[0], "0.0001"),
        ad.impressions,
    )


def _rounded(value: Fraction, step: str) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal(step), ROUND_HALF_UP)


def _same(found: object, expected: object) -> None:
    if found != expected:
        raise RuntimeError(f"the product answered {found}, and {expected} is right")
