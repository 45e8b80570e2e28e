"""Exports of lists: their arguments, checked as those of the lists themselves, and the rows they consist of.

The arguments are those of GraphQL fields, so that whatever is wrong with them is found, said and named in the same
way. These fields are a schema of their own, which is not served: their answer is a stream of rows, and no GraphQL.
"""

from collections.abc import Callable, Iterator
from datetime import UTC
from itertools import islice
from typing import Annotated, Any, NamedTuple

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig

from app.metrics.definitions import BY_NAME
from app.metrics.levels import Level
from app.metrics.money import format_money
from app.metrics.rows import Form
from app.metrics.series import Granularity
from app.observability.shortening import NAME_CHARACTERS, shorten
from app.queries.lists.exports import ExportedEntity
from app.services.reads.exports import ExportedNumbers, Exporter, ExportRequest
from app.services.reads.metrics import MetricsReading
from graphql_schema.arguments.date_range import RangeArgument
from graphql_schema.arguments.periods import AsOfArgument
from graphql_schema.context import Context, Info
from graphql_schema.documents.limits import VariableLimits
from graphql_schema.documents.variable_limits import check_variables
from graphql_schema.entities.connection import EntityConnection
from graphql_schema.entities.filters import AdFilterArgument, AdsetFilterArgument, CampaignFilterArgument
from graphql_schema.entities.lists import list_ads, list_adsets, list_campaigns
from graphql_schema.entities.orders import AdOrderArgument, AdsetOrderArgument, CampaignOrderArgument
from graphql_schema.errors import ErrorCode
from graphql_schema.numbers.metrics import NAMES, shown_values
from graphql_schema.pixecom_schema import PixecomSchema
from graphql_schema.types.global_id import global_id
from graphql_schema.types.scalars import SCALARS

LISTS = {"campaigns": Level.CAMPAIGN, "adsets": Level.ADSET, "ads": Level.AD}
ARGUMENTS = ("range", "asOf", "filter", "orderBy", "granularity")
# Unknown arguments that one answer names.
_UNKNOWN_NAMED = 20

Opening = strawberry.Parent[Exporter]
GranularityArgument = Annotated[
    Granularity | None,
    strawberry.argument(description="A row for each of these that has numbers. Null: one row for the whole range."),
]


async def open_campaigns(
    exporter: Opening,
    info: Info,
    range_: RangeArgument = None,
    as_of: AsOfArgument = None,
    filter_: CampaignFilterArgument = None,
    order_by: CampaignOrderArgument = None,
    granularity: GranularityArgument = None,
) -> bool:
    return await _open(exporter, list_campaigns(info, range_, as_of, filter_, order_by), granularity)


async def open_adsets(
    exporter: Opening,
    info: Info,
    range_: RangeArgument = None,
    as_of: AsOfArgument = None,
    filter_: AdsetFilterArgument = None,
    order_by: AdsetOrderArgument = None,
    granularity: GranularityArgument = None,
) -> bool:
    return await _open(exporter, list_adsets(info, range_, as_of, filter_, order_by), granularity)


async def open_ads(
    exporter: Opening,
    info: Info,
    range_: RangeArgument = None,
    as_of: AsOfArgument = None,
    filter_: AdFilterArgument = None,
    order_by: AdOrderArgument = None,
    granularity: GranularityArgument = None,
) -> bool:
    return await _open(exporter, list_ads(info, range_, as_of, filter_, order_by), granularity)


async def _open(exporter: Exporter, entities: EntityConnection[Any], granularity: Granularity | None) -> bool:
    await exporter.open(ExportRequest(entities.listing, entities.period, granularity))
    return True


@strawberry.type(name="Query", description="Opens one export. True: its rows can be read.")
class Exports:
    campaigns: bool = strawberry.field(resolver=open_campaigns, description="The seller's campaigns.")
    adsets: bool = strawberry.field(resolver=open_adsets, description="The seller's ad sets.")
    ads: bool = strawberry.field(resolver=open_ads, description="The seller's ads.")


exports_schema = PixecomSchema(query=Exports, config=StrawberryConfig(scalar_map=SCALARS))


def export_document(list_name: str) -> str:
    """The operation that opens an export of a list; its variables are named as the arguments."""
    kind = LISTS[list_name].name.capitalize()
    return f"""
    query (
      $range: DateRangeInput
      $asOf: DateTime
      $filter: {kind}Filter
      $orderBy: [{kind}Order!]
      $granularity: Granularity
    ) {{
      {list_name}({", ".join(f"{name}: ${name}" for name in ARGUMENTS)})
    }}
    """


async def open_export(
    exporter: Exporter, context: Context, list_name: str, arguments: dict[str, Any]
) -> list[GraphQLError]:
    """Open the export of a list. Answers what is wrong, as a GraphQL answer would tell it; nothing: rows can be read.

    Only the caller learns anything: the context must have one.
    """
    unknown = list(islice((name for name in arguments if name not in ARGUMENTS), _UNKNOWN_NAMED))
    if unknown:
        return [_unknown(name) for name in unknown]
    try:
        check_variables(arguments, VariableLimits.of(context.services.settings))
    except GraphQLError as error:
        return [error]
    result = await exports_schema.execute(
        export_document(list_name), variable_values=arguments, context_value=context, root_value=exporter
    )
    return list(result.errors or ())


def _unknown(name: str) -> GraphQLError:
    shown = shorten(name, NAME_CHARACTERS)
    sentence = f"{shown}: is not an argument of an export, which has {', '.join(ARGUMENTS)}"
    return GraphQLError(sentence, extensions={"code": ErrorCode.BAD_USER_INPUT.value, "argument": shown})


class Column(NamedTuple):
    """`is_text`: people or the platform chose what stands in it."""

    name: str
    is_text: bool = False


Cell = str | int | float | bool | None
RowsOf = Callable[[ExportedNumbers], Iterator[tuple[Cell, ...]]]

_CAMPAIGN = (Column("campaignId"), Column("campaignName", is_text=True))
_ADSET = (Column("adsetId"), Column("adsetName", is_text=True))
_BUDGET = (Column("budget"), Column("budgetType"))
_OF_LEVEL = {Level.CAMPAIGN: _BUDGET, Level.ADSET: (*_CAMPAIGN, *_BUDGET), Level.AD: (*_CAMPAIGN, *_ADSET)}


def columns_of(list_name: str) -> tuple[Column, ...]:
    """The columns of a list's export. Names and values are those of GraphQL, as JSON has them."""
    return (
        Column("id"),
        Column("name", is_text=True),
        Column("externalId", is_text=True),
        Column("status"),
        Column("deliveryStatus"),
        Column("adAccountId"),
        Column("adAccountName", is_text=True),
        *_OF_LEVEL[LISTS[list_name]],
        Column("from"),
        Column("to"),
        Column("currency"),
        *(Column(BY_NAME[name].graphql_name) for name in NAMES),
        Column("hasData"),
        Column("syncedAt"),
        Column("isFinal"),
    )


def rows_of(list_name: str) -> RowsOf:
    """From an entity's numbers to its rows, cell by cell as the columns stand."""
    level = LISTS[list_name]

    def rows(found: ExportedNumbers) -> Iterator[tuple[Cell, ...]]:
        if found.readings:
            entity = _entity_cells(level, found.entity, found.currency)
            for reading in found.readings:
                metrics: Any = shown_values(reading, Form.WIRE)
                yield (*entity, *_days(reading), reading.currency, *metrics, *_freshness(reading))

    return rows


def _entity_cells(level: Level, entity: ExportedEntity, currency: str) -> tuple[Cell, ...]:
    row = entity.row
    own: tuple[Cell, ...] = ()
    if level > Level.CAMPAIGN:
        own += _id("Campaign", row.campaign_id), entity.campaign_name
    if level > Level.ADSET:
        own += _id("Adset", row.adset_id), entity.adset_name
    else:
        own += (None if row.budget_micros is None else format_money(row.budget_micros, currency), row.budget_type)
    return (
        _id(level.name.capitalize(), row.id),
        row.name,
        row.external_id,
        row.status,
        row.delivery_status,
        _id("AdAccount", row.account_id),
        entity.account_name,
        *own,
    )


def _days(reading: MetricsReading) -> tuple[Cell, ...]:
    return reading.days.from_date.isoformat(), reading.days.to_date.isoformat()


def _freshness(reading: MetricsReading) -> tuple[Cell, ...]:
    synced_at = reading.synced_at.astimezone(UTC).isoformat() if reading.synced_at else None
    return reading.has_data, synced_at, reading.is_final


def _id(type_name: str, identifier: Any) -> Cell:
    return None if identifier is None else global_id(type_name, identifier)
