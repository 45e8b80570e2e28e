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
    description="What was set for an entity, by us or on the platform. Not what is being delivered.",
    ACTIVE="May deliver.",
    PAUSED="Stopped by somebody.",
    ARCHIVED="Put away on the platform; its history stays.",
    DELETED="Deleted on the platform; its history stays.",
    UNKNOWN="The platform names a status that is not known here, or none.",
)
describe_enum(
    DeliveryStatus,
    description="What the platform says is happening. Not what was set.",
    ACTIVE="Delivering.",
    INACTIVE="Not delivering because it is switched off or over.",
    LEARNING="Delivering while the platform still learns whom to show it to.",
    LIMITED="Delivering less than it could.",
    ERROR="Stopped by a problem.",
    NOT_DELIVERING="Switched on, but nothing is delivered; `deliveryReason` names what holds it up.",
    PENDING_REVIEW="Waiting for the platform's review.",
    UNKNOWN="The platform has not said, or said something new.",
)
describe_enum(
    BudgetType,
    description="What period a budget is for.",
    DAILY="An amount a day.",
    LIFETIME="One amount for the whole flight.",
)
describe_enum(
    Preset,
    name="DateRangePreset",
    description="A range relative to today in the ad account's time zone; two accounts may resolve it to other days.",
    TODAY="Today, so far.",
    YESTERDAY="The day before today.",
    LAST_7_DAYS="7 days, ending today.",
    LAST_14_DAYS="14 days, ending today.",
    LAST_30_DAYS="30 days, ending today.",
    LAST_90_DAYS="90 days, ending today.",
    THIS_WEEK="From Monday to today.",
    LAST_WEEK="The last full week, Monday to Sunday.",
    THIS_MONTH="From the first of the month to today.",
    LAST_MONTH="The last full calendar month.",
    LIFETIME="The longest range there is, ending today.",
)
describe_enum(
    ConnectionHealth,
    description="Whether the platform answers us for a connection.",
    HEALTHY="It does.",
    UNHEALTHY="It refuses until somebody changes something; no work is done meanwhile.",
)
describe_enum(
    ConnectionTrouble,
    description="Why the platform refuses us for a connection. Either way `rotateToken` ends it.",
    TOKEN="Its access token is expired, revoked or was never valid.",  # noqa: S106  # a kind of trouble
    PERMISSION="Its access token is alive but lacks a permission, or whoever gave it has lost a role.",
)
describe_enum(
    AccountStanding,
    description="Whether the platform lets an ad account deliver.",
    ACTIVE="It may.",
    GRACE_PERIOD="It may, but a payment is due.",
    BLOCKED="It may not.",
)
describe_enum(
    ProviderKind,
    description="Where a connection's data comes from.",
    META="Meta's Graph API.",
    MOCK="Made up, for demonstrations.",
)
describe_enum(
    Role,
    description="What a member may do for a seller.",
    OWNER="Everything.",
    ADMIN="Everything but the seller's own affairs.",
    ANALYST="Read.",
)
describe_enum(
    RunState,
    name="SyncRunState",
    description="How far a run is.",
    RUNNING="Some of its jobs have not ended.",
    SUCCEEDED="All of its jobs succeeded.",
    PARTIAL="All have ended; some succeeded and some did not.",
    FAILED="All have ended and none succeeded.",
    CANCELLED="It was cancelled.",
)
describe_enum(
    RunOrigin,
    name="SyncRunOrigin",
    description="Who asked for a run.",
    MANUAL="A person.",
    SCHEDULE="The schedule.",
    BACKFILL="A history that was to be fetched.",
    SYSTEM="The system itself.",
    CRON="A clock outside, through the cron hook.",
)
describe_enum(
    JobState,
    description="How far a job is. The last three have ended.",
    BLOCKED="Waits for other jobs.",
    QUEUED="Waits for a worker.",
    RUNNING="A worker is at it.",
    RETRYING="Failed; waits for its next try.",
    PARKED="Waits until the platform lets it go on; not a failure.",
    SUCCEEDED="Done.",
    FAILED="Given up; `errorReason` says why.",
    CANCELLED="Called off.",
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
    description="What a metric is measured in; it decides the rounding.",
    MONEY="Money in the account's currency, with the currency's digits.",
    MONEY_PER="Money per something in the account's currency, 2 decimals.",
    COUNT="A count.",
    PERCENT="Percent, 2 decimals.",
    RATIO="A ratio, 4 decimals.",
)
