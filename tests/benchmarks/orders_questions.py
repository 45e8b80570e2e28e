"""What is asked of a seller with 4,000 ads: lists by ROAS with a filter on spend, over ranges of any length."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from app.metrics.definitions import METRICS
from tests.benchmarks.population import LAST_DAY

RANGES = (7, 30, 90, 365)
PAGE = 20
HUNDREDTH = 99 * PAGE  # how many ads stand before that page
MIN_SPEND = 50

_METRICS = " ".join(metric.graphql_name for metric in METRICS)
_NODES = f"nodes {{ id metrics {{ {_METRICS} }} }}"
_SORTED = "orderBy: [{field: ROAS, direction: DESC}]"
_SPENT = f'metrics: [{{metric: SPEND, op: GT, value: "{MIN_SPEND}"}}]'


class Scope(Enum):
    """Whose ads a question is about: the seller's, one campaign's, or those under each of 20 campaigns."""

    SELLER = f"ads({_SORTED}, filter: {{{_SPENT}}}, %s) {{ {_NODES} %s }}"
    CAMPAIGN = f'ads({_SORTED}, filter: {{{_SPENT}, campaignIds: ["$campaign"]}}, %s) {{ {_NODES} %s }}'
    NESTED = (
        f"campaigns(first: 20, $range) {{ nodes {{ id ads({_SORTED}, filter: {{{_SPENT}}}, %s) {{ {_NODES} %s }} }} }}"
    )


@dataclass(frozen=True, slots=True)
class Question:
    """`totals`: with totalCount and summary. `hundredth`: the hundredth page of a pinned walk, not the first."""

    name: str
    scope: Scope = Scope.SELLER
    totals: bool = False
    hundredth: bool = False

    def document(self, days: int, *, campaign: str = "", after: str = "", size: int = PAGE, more: str = "") -> str:
        """The operation over this many days; `campaign` is the id of the one asked about, `after` a cursor."""
        range_ = f'range: {{custom: {{from: "{LAST_DAY - timedelta(days=days - 1)}", to: "{LAST_DAY}"}}}}'
        arguments = f"first: {size}" + (f', after: "{after}"' if after else "")
        if self.scope is not Scope.NESTED:
            arguments += f", {range_}"
        totals = f"totalCount summary {{ {_METRICS} }}" if self.totals else ""
        body = self.scope.value % (arguments, f"{totals} {more}")
        return f"{{ {body} }}".replace("$campaign", campaign).replace("$range", range_)


FIRST_PAGE = Question("first page")
QUESTIONS = (
    FIRST_PAGE,
    Question("hundredth page", hundredth=True),
    Question("first page, count, summary", totals=True),
    Question("one campaign's ads, count, summary", Scope.CAMPAIGN, totals=True),
    Question("ads under 20 campaigns, count, summary", Scope.NESTED, totals=True),
)
