"""What the platform reports for an entity against the sum of its ads: they can differ, and the difference is shown."""

import strawberry

from app.metrics.levels import Level
from app.queries.lists.entities import ENTITIES, NEWEST_FIRST, EntityRow
from app.queries.lists.listings import Listing, Parent
from app.services.reads.metrics import MetricsReading, SummaryRequest, merged
from app.services.reads.unmatched import ListScope
from graphql_schema.arguments.date_range import InheritedRangeArgument
from graphql_schema.arguments.periods import read_period
from graphql_schema.context import Info
from graphql_schema.entities.ad_entity import AdEntity
from graphql_schema.entities.measured import request_of
from graphql_schema.fields.batched import Parents
from graphql_schema.numbers.comparisons import MetricsDifference, shared_currency
from graphql_schema.numbers.metrics import Metrics, metrics_of


@strawberry.type(description="An entity's own metrics, compared with the sum of its ads.")
class Reconciliation:
    reported: Metrics = strawberry.field(description="What the platform reports for the entity itself.")
    ads: Metrics = strawberry.field(description="The sum of what the platform reports for the entity's ads.")
    difference: MetricsDifference = strawberry.field(description="The reported values minus the sum of the ads.")
    agrees: bool = strawberry.field(description="Whether all counters agree.")

    @classmethod
    def of(cls, reported: MetricsReading, ads: MetricsReading) -> "Reconciliation":
        return cls(
            reported=metrics_of(reported),
            ads=metrics_of(ads),
            difference=MetricsDifference(readings=(reported, ads)),
            agrees=reported.counters == ads.counters and shared_currency(reported, ads) == reported.currency,
        )


async def load_reconciliations(
    parents: Parents, info: Info, range_: InheritedRangeArgument = None
) -> list[Reconciliation]:
    periods = [read_period(info, range_, inherited=entity.period) for entity in parents]
    own = [request_of(entity, period) for entity, period in zip(parents, periods, strict=True)]
    ads = [
        SummaryRequest(_ads_of(entity), period, ListScope((entity.account_id,)))
        for entity, period in zip(parents, periods, strict=True)
    ]
    reported = await info.context.loaders.metrics.load_many(own)
    summed = await info.context.loaders.summaries.load_many(ads)
    return [Reconciliation.of(entity, merged(total)) for entity, total in zip(reported, summed, strict=True)]


def _ads_of(entity: AdEntity) -> Listing[EntityRow]:
    return Listing(ENTITIES[Level.AD], (), NEWEST_FIRST, Parent(entity.level.name, entity.entity_id))
