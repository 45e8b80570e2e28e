"""The words of the domain that stand in the database, in the API and in providers alike."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Role(StrEnum):
    """What a member may do for a seller; ANALYST reads only."""

    OWNER = "OWNER"
    ADMIN = "ADMIN"
    ANALYST = "ANALYST"


class ConnectionKind(StrEnum):
    """What a seller connects on Meta."""

    AD_ACCOUNT = "AD_ACCOUNT"
    PAGE = "PAGE"
    PIXEL = "PIXEL"
    CONVERSION = "CONVERSION"


class ProviderKind(StrEnum):
    """Who answers for a connection: Meta's Graph API (or the sandbox in its place), or the mock."""

    META = "META"
    MOCK = "MOCK"


class ConnectionHealth(StrEnum):
    """UNHEALTHY: the platform refuses us until somebody changes something; no work is done for it meanwhile."""

    HEALTHY = "HEALTHY"
    UNHEALTHY = "UNHEALTHY"


class ConnectionTrouble(StrEnum):
    """Why a connection is unhealthy: its token is dead, or lacks a permission."""

    TOKEN = "TOKEN"  # noqa: S105  # a kind of trouble, not a token
    PERMISSION = "PERMISSION"


class AccountStanding(StrEnum):
    """Whether the platform lets an ad account deliver at all (Meta's account_status 1 and 9 do)."""

    ACTIVE = "ACTIVE"
    GRACE_PERIOD = "GRACE_PERIOD"
    BLOCKED = "BLOCKED"


class EntityStatus(StrEnum):
    """What was set, by us or on the platform. Never what is being delivered. UNKNOWN: a word that is not known here."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    ARCHIVED = "ARCHIVED"
    DELETED = "DELETED"
    UNKNOWN = "UNKNOWN"


class DeliveryStatus(StrEnum):
    """What the platform says is happening. Never what was set."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    LEARNING = "LEARNING"
    LIMITED = "LIMITED"
    ERROR = "ERROR"
    NOT_DELIVERING = "NOT_DELIVERING"
    PENDING_REVIEW = "PENDING_REVIEW"
    UNKNOWN = "UNKNOWN"


class BudgetType(StrEnum):
    """DAILY: an amount a day; LIFETIME: one amount for the whole flight."""

    DAILY = "DAILY"
    LIFETIME = "LIFETIME"


class JobState(StrEnum):
    """BLOCKED waits for its group; RETRYING and PARKED wait for their time; the last three have ended."""

    BLOCKED = "BLOCKED"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    RETRYING = "RETRYING"
    PARKED = "PARKED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class RunState(StrEnum):
    """PARTIAL: some jobs of the run succeeded and some did not."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class RunOrigin(StrEnum):
    """Who asked for a run. CRON: a clock outside, through the cron hook."""

    MANUAL = "MANUAL"
    SCHEDULE = "SCHEDULE"
    BACKFILL = "BACKFILL"
    SYSTEM = "SYSTEM"
    CRON = "CRON"


class UseCase(StrEnum):
    """What a call to the platform is for; Meta gives each a quota of its own."""

    ADS_INSIGHTS = "ADS_INSIGHTS"
    ADS_MANAGEMENT = "ADS_MANAGEMENT"
    PAGES = "PAGES"


class FreshnessState(StrEnum):
    """How far numbers are behind the platform's. PARTIAL: some of what they are made of is behind and some is not."""

    FRESH = "FRESH"
    LATE = "LATE"
    STALE = "STALE"
    PARTIAL = "PARTIAL"


class FreshnessReason(StrEnum):
    """Why numbers are not fresh. BEHIND: for no reason but our own slowness."""

    TOKEN_EXPIRED = "TOKEN_EXPIRED"  # noqa: S105  # a reason, not a token
    PERMISSION = "PERMISSION"
    REFUSED = "REFUSED"
    FAILING = "FAILING"
    THROTTLED = "THROTTLED"
    META_GAP = "META_GAP"
    NEVER_SYNCED = "NEVER_SYNCED"
    BEHIND = "BEHIND"


class Subject(StrEnum):
    """What was odd about a platform's answer: the account, an object, a row of statistics, a list, a token."""

    ACCOUNT = "ACCOUNT"
    CAMPAIGN = "CAMPAIGN"
    ADSET = "ADSET"
    AD = "AD"
    INSIGHTS_ROW = "INSIGHTS_ROW"
    LISTING = "LISTING"
    REPORT = "REPORT"
    PAGE = "PAGE"
    PAGE_METRIC = "PAGE_METRIC"
    POST = "POST"
    TOKEN = "TOKEN"  # noqa: S105  # a subject, not a token


class SyncSource(StrEnum):
    """What was being read when something odd was found; stats, restatements and ingestions read INSIGHTS."""

    STRUCTURE = "STRUCTURE"
    DELIVERY = "DELIVERY"
    INSIGHTS = "INSIGHTS"
    PAGE = "PAGE"


class MetricState(StrEnum):
    """Whether the platform still answers for a metric of a page."""

    ALIVE = "ALIVE"
    DEAD = "DEAD"


class LoginOutcome(StrEnum):
    """The outcome of a login attempt. Clients get the same answer for WRONG and INACTIVE.

    INACTIVE: the password was right, but the user or the seller is deactivated, or the user is no member of it.
    """

    SUCCEEDED = "SUCCEEDED"
    WRONG = "WRONG"
    INACTIVE = "INACTIVE"
    LIMITED = "LIMITED"


class Priority(IntEnum):
    """How urgent a job is: the lower, the more urgent.

    CLOCK is the schedule's own short work, which enqueues everyone else's: no seller's request comes before it.
    """

    CLOCK = -1
    MANUAL = 0
    FRESH = 1
    SCHEDULED = 2
    BACKFILL = 3
