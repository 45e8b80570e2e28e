"""The domain's words as GraphQL enums, each value described. Importing this module registers them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import strawberry

from app.metrics.definitions import Kind, Unit
from app.metrics.levels import Level
from app.metrics.ranges import Preset
from app.vocabulary import (
    AccountStanding,
    BudgetType,
    ConnectionHealth,
    ConnectionTrouble,
    DeliveryStatus,
    EntityStatus,
    JobState,
    ProviderKind,
    Role,
    RunOrigin,
    RunState,
)

if TYPE_CHECKING:
    from enum import Enum

    from strawberry.types.enum import StrawberryEnumDefinition


def describe_enum(enum: type[Enum], *, name: str | None = None, description: str, **values: str) -> None:
    """Register an enum that is defined elsewhere; every member must be described.

    Raises ValueError when a member is not described, a description has no member, or a type has used the enum before.
    """
    if "__strawberry_definition__" in vars(enum):
        raise ValueError(f"{enum.__name__} was used before it was described: import it from where it is described")
    strawberry.enum(enum, name=name, description=description)
    definition: StrawberryEnumDefinition = getattr(enum, "__strawberry_definition__")  # noqa: B009  # set above
    if {value.name for value in definition.values} != set(values):
        raise ValueError(f"{enum.__name__} and the descriptions of its values differ")
    for value in definition.values:
        value.description = values[value.name]


describe_enum(
    EntityStatus,
    description="The status that was set for an entity, here or on the platform, as opposed to its delivery.",
    ACTIVE="May deliver.",
    PAUSED="Paused by somebody.",
    ARCHIVED="Archived on the platform; its history is kept.",
    DELETED="Deleted on the platform; its history is kept.",
    UNKNOWN="The platform reports no status, or one that is not known here.",
)
describe_enum(
    DeliveryStatus,
    description="What the platform reports is happening, as opposed to what was set.",
    ACTIVE="Delivering.",
    INACTIVE="Not delivering because it is paused or has ended.",
    LEARNING="Delivering while the platform is still learning who to show it to.",
    LIMITED="Delivering less than it could.",
    ERROR="Stopped by a problem.",
    NOT_DELIVERING="Active, but not delivering; `deliveryReason` says why.",
    PENDING_REVIEW="Waiting for the platform's review.",
    UNKNOWN="The platform reports no status, or one that is not known here.",
)
describe_enum(
    BudgetType,
    description="The period of a budget.",
    DAILY="An amount per day.",
    LIFETIME="One amount for the whole lifetime.",
)
describe_enum(
    Preset,
    name="DateRangePreset",
    description="A range relative to today in the ad account's time zone; two accounts may resolve it to different "
    "days.",
    TODAY="Today, so far.",
    YESTERDAY="The day before today.",
    LAST_7_DAYS="7 days, ending today.",
    LAST_14_DAYS="14 days, ending today.",
    LAST_30_DAYS="30 days, ending today.",
    LAST_90_DAYS="90 days, ending today.",
    THIS_WEEK="From Monday to today.",
    LAST_WEEK="The last full week, Monday to Sunday.",
    THIS_MONTH="From the first day of the month to today.",
    LAST_MONTH="The last full calendar month.",
    LIFETIME="The longest possible range, ending today.",
)
describe_enum(
    ConnectionHealth,
    description="Whether the platform grants us access to a connection.",
    HEALTHY="The platform answers.",
    UNHEALTHY="The platform refuses until the cause is fixed; nothing is synced until then.",
)
describe_enum(
    ConnectionTrouble,
    description="Why a connection is unhealthy. `rotateToken` fixes both.",
    TOKEN="Its access token has expired, was revoked or was never valid.",  # noqa: S106  # a kind of trouble
    PERMISSION="Its access token is valid but lacks a permission, or its owner has lost a role.",
)
describe_enum(
    AccountStanding,
    description="Whether the platform allows an ad account to deliver.",
    ACTIVE="It may deliver.",
    GRACE_PERIOD="It may deliver, but a payment is due.",
    BLOCKED="It may not deliver.",
)
describe_enum(
    ProviderKind,
    description="Where a connection's data comes from.",
    META="Meta's Graph API.",
    MOCK="Generated, for demonstrations.",
)
describe_enum(
    Role,
    description="The role of a member.",
    OWNER="Everything.",
    ADMIN="Everything but managing the seller itself.",
    ANALYST="Read only.",
)
describe_enum(
    RunState,
    name="SyncRunState",
    description="The state of a run.",
    RUNNING="Some of its jobs have not ended.",
    SUCCEEDED="All of its jobs succeeded.",
    PARTIAL="All have ended; some succeeded and some did not.",
    FAILED="All have ended and none succeeded.",
    CANCELLED="It was cancelled.",
)
describe_enum(
    RunOrigin,
    name="SyncRunOrigin",
    description="Who requested a run.",
    MANUAL="A person.",
    SCHEDULE="The schedule.",
    BACKFILL="A backfill of history.",
    SYSTEM="The system itself.",
    CRON="An external clock, through the cron hook.",
)
describe_enum(
    JobState,
    description="The state of a job. The last three are final.",
    BLOCKED="Waits for other jobs.",
    QUEUED="Waits for a worker.",
    RUNNING="A worker is running it.",
    RETRYING="Failed; waits to be retried.",
    PARKED="Waits until the platform allows it to continue; not a failure.",
    SUCCEEDED="Done.",
    FAILED="Failed for good; `errorReason` says why.",
    CANCELLED="Cancelled.",
)
describe_enum(
    Level,
    name="StatsLevel",
    description="A level at which statistics are kept.",
    ACCOUNT="The ad account as a whole.",
    CAMPAIGN="Campaigns.",
    ADSET="Ad sets.",
    AD="Ads.",
)
describe_enum(
    Kind,
    name="MetricKind",
    description="Where a metric's value comes from.",
    COUNTER="Stored, and added up.",
    DERIVED="Computed from summed counters, never stored.",
)
describe_enum(
    Unit,
    name="MetricUnit",
    description="The unit of a metric, which decides the rounding.",
    MONEY="Money in the account's currency, with the currency's digits.",
    MONEY_PER="Money per something in the account's currency, 2 decimals.",
    COUNT="A count.",
    PERCENT="Percent, 2 decimals.",
    RATIO="A ratio, 4 decimals.",
)
