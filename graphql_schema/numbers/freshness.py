"""How far numbers are behind the platform's: of ad accounts, and of any metrics."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

import strawberry

from app.queries.days.freshness import FailureFacts
from app.services.reads.freshness import AccountFreshness as AccountFreshnessReading
from app.services.reads.freshness import DaysFreshness, FreshnessRequest
from app.vocabulary import FreshnessReason, FreshnessState
from graphql_schema.context import Info
from graphql_schema.fields.batched import Parents
from graphql_schema.types.enums import describe_enum
from graphql_schema.types.global_id import global_id

if TYPE_CHECKING:
    from app.services.reads.metrics import MetricsReading

describe_enum(
    FreshnessState,
    description="How far numbers are behind the platform's.",
    FRESH="No further than the schedule has it.",
    LATE="A round of syncs or two.",
    STALE="Further, or nothing was ever fetched.",
    PARTIAL="Some of what they are made of is fresh and some is not.",
)
describe_enum(
    FreshnessReason,
    description="Why numbers are not fresh. Of several reasons, the first of these.",
    TOKEN_EXPIRED="The platform no longer accepts the access token. Give it another one with `rotateToken`.",  # noqa: S106  # a reason
    PERMISSION="The access token lacks a permission. Give it one that has it with `rotateToken`.",
    REFUSED="The platform refuses what is asked of it; `failure` says what, in its words.",
    FAILING="Syncs fail for another reason; `failure` says which.",
    THROTTLED="The platform limits our calls; they come less often for a while.",
    META_GAP="Days were never fetched although all was well.",
    NEVER_SYNCED="Nothing has been fetched yet.",
    BEHIND="For no reason but our own slowness.",
)


@strawberry.type(description="Work of an ad account that has failed for good whenever it was tried.")
class FreshnessFailure:
    work: str = strawberry.field(description="Which work: STRUCTURE, DELIVERY, or INSIGHTS with its level.")
    error_class: str = strawberry.field(description="The class of the failure, as `Job.errorClass` has it.")
    message: str = strawberry.field(description="What the platform says, or what went wrong.")
    rounds: int = strawberry.field(description="How often in a row it has failed.")
    since: datetime = strawberry.field(description="When it failed first, in UTC.")

    @classmethod
    def of(cls, failure: FailureFacts) -> Self:
        return cls(
            work=failure.work,
            error_class=failure.error_class,
            message=failure.reason,
            rounds=failure.rounds,
            since=failure.since,
        )


@strawberry.type(description="How far an ad account's numbers are behind the platform's, at all levels together.")
class AccountFreshness:
    state: FreshnessState = strawberry.field(description="How far.")
    reason: FreshnessReason | None = strawberry.field(description="Why. Null: they are fresh.")
    since: datetime | None = strawberry.field(description="Since when they are not fresh, in UTC. Null: they are.")
    expected_by: datetime | None = strawberry.field(
        description="When the next numbers are expected, in UTC. Null: nobody can know, or none are expected.",
    )
    failure: FreshnessFailure | None = strawberry.field(
        description="What fails. Null: the reason is neither REFUSED nor FAILING.",
    )

    @classmethod
    def of(cls, reading: AccountFreshnessReading) -> Self:
        return cls(
            state=reading.state,
            reason=reading.reason,
            since=reading.since,
            expected_by=reading.expected_by,
            failure=FreshnessFailure.of(reading.failure) if reading.failure else None,
        )


@strawberry.type(description="How far these numbers are behind the platform's.")
class MetricsFreshness:
    state: FreshnessState = strawberry.field(description="How far; PARTIAL: some of the ad accounts, or of the days.")
    reason: FreshnessReason | None = strawberry.field(description="Why. Null: they are fresh.")
    accounts_behind: list[strawberry.ID] = strawberry.field(
        description="Global ids of the ad accounts whose part is not fresh; see `Query.node`. Empty: they are fresh.",
    )

    @classmethod
    def of(cls, reading: DaysFreshness) -> Self:
        behind = [global_id("AdAccount", account_id) for account_id in reading.behind]
        return cls(state=reading.state, reason=reading.reason, accounts_behind=behind)


async def load_account_freshness(parents: Parents, info: Info) -> list[AccountFreshness | None]:
    found = await info.context.loaders.account_freshness.load_many([account.account_id for account in parents])
    return [AccountFreshness.of(reading) if reading else None for reading in found]


async def load_metrics_freshness(parents: Parents, info: Info) -> list[MetricsFreshness | None]:
    wanted = [_request(metrics.reading) for metrics in parents]
    asked = list(dict.fromkeys(request for request in wanted if request))
    found = dict(zip(asked, await info.context.loaders.days_freshness.load_many(asked), strict=True))
    readings = [found[request] if request else None for request in wanted]
    return [MetricsFreshness.of(reading) if reading else None for reading in readings]


def _request(reading: "MetricsReading") -> FreshnessRequest | None:
    source = reading.read_from
    return FreshnessRequest(source.level, source.account_ids, reading.days, reading.is_final) if source else None
