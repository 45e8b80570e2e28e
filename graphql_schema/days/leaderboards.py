"""Leaderboards: the campaigns, ad sets or ads of one day, best first by one metric."""

from datetime import date, datetime
from typing import Annotated, Any

import strawberry

from app.errors import InputError
from app.metrics.periods import Period
from app.metrics.ranges import DateRange, RangeSpec
from app.services.reads.leaderboards import BoardKey, LeaderboardReading, LeaderboardRequest
from graphql_schema.context import Info
from graphql_schema.entities.ad_entity import AdEntity, load_entities
from graphql_schema.entities.filters import read_currency
from graphql_schema.entities.measured import load_metrics
from graphql_schema.fields.batched import Parents, batched
from graphql_schema.mutations.set_status import EntityLevel
from graphql_schema.numbers.metrics import Metrics
from graphql_schema.paging.page_arguments import TOP_LIMIT
from graphql_schema.types.metric_names import MetricName

LevelArgument = Annotated[EntityLevel, strawberry.argument(description="The ranked level.")]
MetricArgument = Annotated[MetricName, strawberry.argument(description="The metric that ranks it.")]
DayArgument = Annotated[
    date,
    strawberry.argument(name="date", description="The day, in each ad account's time zone."),
]
CurrencyArgument = Annotated[
    str | None,
    strawberry.argument(
        description="Rank only ad accounts with this currency (ISO 4217). Null: all; if they have several "
        "currencies, ranking by a metric of money is MIXED_CURRENCIES.",
    ),
]
FirstArgument = Annotated[
    int | None,
    strawberry.argument(
        name="first", description=f"How many entries, from the best: 1 to {TOP_LIMIT}. Null: all that are kept."
    ),
]


async def load_entry_metrics(parents: Parents, info: Info) -> list[Metrics]:
    return await load_metrics([entry.entity for entry in parents], info)


@strawberry.type(description="One place on a leaderboard.")
class LeaderboardEntry:
    rank: int = strawberry.field(description="Its place; 1 is the best. Equal values are ordered by id.")
    score: float = strawberry.field(
        description="The share of the others that it beats, in percent with 2 decimals: 100 for the first, 0 for the "
        "last. 100 if it is the only one.",
    )
    entity: AdEntity = strawberry.field(description="The campaign, ad set or ad; its range is the day.")
    metrics: Metrics = batched(
        load_entry_metrics,
        description="Its current metrics for the day, the same as everywhere else. Until the leaderboard is final, "
        "they may be newer than its order.",
    )


@strawberry.type(description="The campaigns, ad sets or ads of a day, ranked by a metric, best first.")
class Leaderboard:
    day: date = strawberry.field(name="date", description="The day, in each ad account's time zone.")
    level: EntityLevel = strawberry.field(description="The ranked level.")
    metric: MetricName = strawberry.field(description="The metric that ranks it.")
    currency: str | None = strawberry.field(
        description="The ISO 4217 code of the ranked entities' ad accounts. Null: there are several.",
    )
    entities_ranked: int = strawberry.field(
        description="How many entities were ranked: those with data for the metric on the day.",
    )
    is_final: bool = strawberry.field(
        description="Whether it no longer changes because every ad account has closed the day. Until then it is "
        "updated when numbers change.",
    )
    ranked_at: datetime = strawberry.field(description="When the ranking last changed, in UTC.")
    entries: list[LeaderboardEntry] = strawberry.field(description="The entries, best first.")


async def find_leaderboard(
    info: Info,
    level: LevelArgument,
    metric: MetricArgument,
    day: DayArgument,
    currency: CurrencyArgument = None,
    first: FirstArgument = None,
) -> Leaderboard | None:
    if first is not None and not 1 <= first <= TOP_LIMIT:
        raise InputError("first", f"must be from 1 to {TOP_LIMIT}, not {first}")
    key = BoardKey(level.value, day, metric.value.name)
    request = LeaderboardRequest(key, read_currency(currency, "currency"))
    found = await info.context.loaders.leaderboards.load(request)
    if found is None:
        return None
    return Leaderboard(
        day=day,
        level=level,
        metric=metric,
        currency=found.currency,
        entities_ranked=found.entities,
        is_final=found.is_final,
        ranked_at=found.ranked_at,
        entries=await _entries(info, key, found, first),
    )


async def _entries(info: Info, key: BoardKey, found: LeaderboardReading, first: int | None) -> list[LeaderboardEntry]:
    """The best of those whose rows are the seller's."""
    period = Period(RangeSpec(DateRange(key.stat_date, key.stat_date)))
    best = found.entity_ids[:first]
    entities: list[Any] = await load_entities(key.level, [(entity_id, period) for entity_id in best], info)
    return [
        LeaderboardEntry(rank=rank, score=float(found.score(rank)), entity=entity)
        for rank, entity in enumerate(entities, start=1)
        if entity is not None
    ]
