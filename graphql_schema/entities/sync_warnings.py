"""What was odd in the platform's answers and was done without: of ad accounts, pages and jobs."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Self

import strawberry

from app.metrics.levels import Level
from app.services.warnings.reading import ExampleRow, WarningRow
from app.vocabulary import Subject, SyncSource
from graphql_schema.context import Info
from graphql_schema.fields.batched import Parents
from graphql_schema.types.enums import describe_enum

describe_enum(
    Subject,
    name="SyncWarningSubject",
    description="What kind of thing was odd. More kinds may be added.",
    ACCOUNT="The ad account itself.",
    CAMPAIGN="A campaign.",
    ADSET="An ad set.",
    AD="An ad.",
    INSIGHTS_ROW="The statistics of one entity and day.",
    LISTING="A list of campaigns, ad sets, ads or posts, or a page of it.",
    REPORT="A report of statistics.",
    PAGE="The page itself.",
    PAGE_METRIC="A metric of the page or of its posts.",
    POST="A post.",
    TOKEN="The access token, as the platform describes it.",  # noqa: S106  # a description, not a token
)
describe_enum(
    SyncSource,
    name="SyncWarningSource",
    description="What was being synced.",
    STRUCTURE="The account with its campaigns, ad sets and ads.",
    DELIVERY="Statuses.",
    INSIGHTS="Statistics.",
    PAGE="A page with its metrics and posts.",
)


@strawberry.type(description="One odd item.")
class SyncWarningExample:
    external_id: str | None = strawberry.field(description="The platform's own id for it. Null: it has none.")
    day: date | None = strawberry.field(
        name="date", description="Its day, in the account's time zone. Null: it is not about a day."
    )
    found: str | None = strawberry.field(
        description="What was found instead, shortened and without secrets: text as it came, anything else as JSON. "
        "Null: nothing was there."
    )

    @classmethod
    def of(cls, row: ExampleRow) -> Self:
        return cls(external_id=row.external_id, day=row.stat_date, found=row.found)


@strawberry.type(
    description="A kind of oddity in the platform's answers. Odd items were left out, or kept with what is known "
    "about them; everything else was synced."
)
class SyncWarning:
    subject: Subject = strawberry.field(description="What kind of thing was odd.")
    message: str = strawberry.field(description="What was odd and how it was handled, for people, in English.")
    source: SyncSource = strawberry.field(description="What was being synced.")
    level: Level | None = strawberry.field(
        description="The level of the statistics being synced. Null: it was something else."
    )
    count: int = strawberry.field(description="How many items were odd, each counted once a day.")
    from_date: date | None = strawberry.field(
        description="The first affected day, in the account's time zone. Null: it is not about days."
    )
    to_date: date | None = strawberry.field(
        description="The last affected day, in the account's time zone. Null: it is not about days."
    )
    examples: list[SyncWarningExample] = strawberry.field(
        description="Some of the odd items, newest first: at most three per day, from at most three days."
    )
    first_seen_at: datetime = strawberry.field(
        description="When it was first seen, in UTC. For a job's warning, when the job ended."
    )
    last_seen_at: datetime = strawberry.field(
        description="When it was last seen, in UTC. For a job's warning, when the job ended."
    )

    @classmethod
    def of(cls, row: WarningRow) -> Self:
        return cls(
            subject=row.subject,
            message=row.sentence,
            source=row.source,
            level=row.level,
            count=row.things,
            from_date=row.from_date,
            to_date=row.to_date,
            examples=[SyncWarningExample.of(example) for example in row.examples],
            first_seen_at=row.first_seen_at,
            last_seen_at=row.last_seen_at,
        )


async def load_account_warnings(parents: Parents, info: Info) -> list[list[SyncWarning]]:
    found = await info.context.loaders.sync_warnings.load_many([account.account_id for account in parents])
    return _of_each(found)


async def load_page_warnings(parents: Parents, info: Info) -> list[list[SyncWarning]]:
    found = await info.context.loaders.sync_warnings.load_many([page.page_id for page in parents])
    return _of_each(found)


async def load_job_warnings(parents: Parents, info: Info) -> list[list[SyncWarning]]:
    found = await info.context.loaders.job_warnings.load_many([job.row.id for job in parents])
    return _of_each(found)


def _of_each(found: Sequence[Sequence[WarningRow]]) -> list[list[SyncWarning]]:
    return [[SyncWarning.of(row) for row in rows] for rows in found]
