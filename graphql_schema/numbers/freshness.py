"""How far numbers are behind the platform's: of ad accounts, and of any metrics."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

import strawberry

from app.services.reads.freshness import AccountFreshness as AccountFreshnessReading
from app.services.reads.freshness import DaysFreshness, FailureFacts, FreshnessRequest
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
    FRESH="As recent as the schedule intends.",
    LATE="Behind by a sync or two.",
    STALE="Behind by more, or never fetched.",
    PARTIAL="Some of the underlying data is fresh, and some is not.",
)
describe_enum(
    FreshnessReason,
    description="Why numbers are not fresh. If there are several reasons, the first in this order.",
    TOKEN_EXPIRED="The platform no longer accepts the access token. Replace it with `rotateToken`.",  # noqa: S106  # a reason
    PERMISSION="The access token lacks a permission. Replace it with `rotateToken` by one that has it.",
    REFUSED="The platform rejects our requests; `failure` has its message.",
    FAILING="Syncs fail for another reason, which `failure` names.",
    THROTTLED="The platform limits our calls, so syncs are less frequent for a while.",
    META_GAP="Some days were never fetched, although nothing failed.",
    NEVER_SYNCED="Nothing has been fetched yet.",
    BEHIND="Our own processing is late.",
)


@strawberry.type(description="Work for an ad account that has failed in every recent run.")
class FreshnessFailure:
    work: str = strawberry.field(description="The failing work: STRUCTURE, DELIVERY, or INSIGHTS with its level.")
    error_class: str = strawberry.field(description="The class of the failure, as in `Job.errorClass`.")
    message: str = strawberry.field(description="What the platform says, or what went wrong.")
    rounds: int = strawberry.field(description="How many times in a row it has failed.")
    since: datetime = strawberry.field(description="When it first failed, in UTC.")

    @classmethod
    def of(cls, failure: FailureFacts) -> Self:
        return cls(
            work=failure.work,
            error_class=failure.error_class,
            message=failure.reason,
            rounds=failure.rounds,
            since=failure.since,
        )


@strawberry.type(description="How far an ad account's numbers, over all levels, are behind the platform's.")
class AccountFreshness:
    state: FreshnessState = strawberry.field(description="How fresh they are.")
    reason: FreshnessReason | None = strawberry.field(description="Why they are not fresh. Null: they are fresh.")
    since: datetime | None = strawberry.field(
        description="When they stopped being fresh, in UTC. Null: they are fresh."
    )
    expected_by: datetime | None = strawberry.field(
        description="When the next numbers are expected, in UTC. Null: unknown, or none are expected.",
    )
    failure: FreshnessFailure | None = strawberry.field(
        description="The failing work. Null: the reason is neither REFUSED nor FAILING.",
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
    state: FreshnessState = strawberry.field(
        description="How fresh they are. PARTIAL: only some of the ad accounts or days are fresh."
    )
    reason: FreshnessReason | None = strawberry.field(description="Why they are not fresh. Null: they are fresh.")
    accounts_behind: list[strawberry.ID] = strawberry.field(
        description="The global ids of ad accounts with numbers that are not fresh; see `Query.node`. Empty: all are "
        "fresh.",
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
