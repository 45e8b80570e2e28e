"""How far numbers are behind: every state with every reason, at an account, at entities and over lists."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from app.clock import frozen
from app.identifiers import new_id
from app.metrics.levels import Level
from graphql_schema.types.global_id import global_id
from tests.own_time_zone import own_time_zone

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path
    from uuid import UUID

    from tests.graphql_schema.small_world import SmallWorld, Tenant

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
TODAY = NOW.date()
OF_ACCOUNTS = "{ adAccounts { nodes { freshness { state reason since expectedBy } } } }"
OF_CAMPAIGNS = """query ($range: DateRangeInput!, $asOf: DateTime) { campaigns(range: $range, asOf: $asOf) {
  summary { freshness { state reason accountsBehind } }
  nodes { metrics { freshness { state reason accountsBehind } } } } }"""
OF_TODAY = {"preset": "TODAY"}
FRESH = {"state": "FRESH", "reason": None}


def ago(**age: float) -> datetime:
    return NOW - timedelta(**age)


async def fetched(tenant: Tenant, account: UUID, at: datetime, *, days: int = 1) -> None:
    """The last days, each fetched at this moment."""
    for level in Level:
        for back in range(days):
            await tenant.add_fetch(account, level, TODAY - timedelta(days=back), at)


async def add_account(tenant: Tenant, at: datetime | None = None, **columns: object) -> UUID:
    """An account with an active campaign whose days were fetched at this moment."""
    account = await tenant.add_account()
    await tenant.add_campaign(account)
    for name, value in columns.items():
        await tenant.world.write(f"UPDATE fb_connections SET {name} = $2 WHERE id = $1", account, value)
    if at:
        await fetched(tenant, account, at)
    return account


async def freshness_of(tenant: Tenant) -> dict[str, Any]:
    with frozen(NOW):
        [node] = (await tenant.ask(OF_ACCOUNTS))["adAccounts"]["nodes"]
    return node["freshness"]


async def numbers(tenant: Tenant, days: object = OF_TODAY, **variables: str) -> tuple[Any, list[Any]]:
    """Freshness of the total, and of each campaign."""
    with frozen(NOW):
        found = (await tenant.ask(OF_CAMPAIGNS, range=days, **variables))["campaigns"]
    return found["summary"]["freshness"], [node["metrics"]["freshness"] for node in found["nodes"]]


@pytest.mark.parametrize(
    ("minutes", "stretch", "state", "reason"),
    [
        (30, 1, "FRESH", None),
        (31, 1, "LATE", "BEHIND"),
        (60, 1, "LATE", "BEHIND"),
        (61, 1, "STALE", "BEHIND"),
        (60, 2, "FRESH", None),
        (61, 2, "LATE", "THROTTLED"),
        (121, 2, "STALE", "THROTTLED"),
    ],
)
async def test_an_account_is_as_fresh_as_its_age_in_intervals(
    shared_world: SmallWorld, minutes: int, stretch: int, state: str, reason: str | None
) -> None:
    tenant = await shared_world.add_seller(f"aged-{minutes}-{stretch}")
    await add_account(tenant, ago(minutes=minutes), stats_stretch=stretch)
    found = await freshness_of(tenant)
    assert (found["state"], found["reason"]) == (state, reason)
    since = None if state == "FRESH" else (ago(minutes=minutes) + timedelta(minutes=30 * stretch)).isoformat()
    assert found["since"] == since
    assert found["expectedBy"] == (None if reason == "BEHIND" else NOW.isoformat())


async def test_the_next_numbers_are_expected_an_interval_after_the_last(shared_world: SmallWorld) -> None:
    tenant = await shared_world.add_seller("expected")
    await add_account(tenant, ago(minutes=5))
    assert (await freshness_of(tenant))["expectedBy"] == (NOW + timedelta(minutes=10)).isoformat()


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"health": "UNHEALTHY", "health_class": "TOKEN", "health_reason": "dead"}, "TOKEN_EXPIRED"),
        ({"health": "UNHEALTHY", "health_class": "PERMISSION", "health_reason": "not allowed"}, "PERMISSION"),
        ({"health": "UNHEALTHY", "health_reason": "refused before kinds were kept"}, "TOKEN_EXPIRED"),
        ({"token_expires_at": ago(hours=1)}, "TOKEN_EXPIRED"),
        ({"token_expires_at": NOW + timedelta(hours=1)}, "BEHIND"),
        # Calls were answered after that end.
        ({"token_expires_at": ago(hours=3)}, "BEHIND"),
    ],
)
async def test_a_refused_account_says_so(shared_world: SmallWorld, columns: dict[str, object], reason: str) -> None:
    tenant = await shared_world.add_seller(f"refused-{new_id()}")
    account = await add_account(tenant, ago(hours=2), **columns)
    found = await freshness_of(tenant)
    assert found == {"state": "STALE", "reason": reason, "since": ago(hours=1.5).isoformat(), "expectedBy": None}
    behind = {"state": "STALE", "reason": reason, "accountsBehind": [global_id("AdAccount", account)]}
    assert await numbers(tenant) == (behind, [behind])


async def test_jobs_that_failed_for_a_permission_do_not_outlive_a_token_that_died_later(
    shared_world: SmallWorld,
) -> None:
    tenant = await shared_world.add_seller("permission")
    account = await add_account(tenant, ago(hours=2), health="UNHEALTHY", health_class="TOKEN", health_reason="dead")
    await add_job(tenant, account, state="FAILED", error_class="PERMISSION", ended_at=ago(hours=2))
    assert (await freshness_of(tenant))["reason"] == "TOKEN_EXPIRED"
    shown = await tenant.ask("{ adAccounts { nodes { health healthClass healthReason } } }")
    assert shown["adAccounts"]["nodes"] == [{"health": "UNHEALTHY", "healthClass": "TOKEN", "healthReason": "dead"}]


async def test_a_stored_zone_that_the_database_lacks_breaks_nothing(shared_world: SmallWorld, tmp_path: Path) -> None:
    tenant = await shared_world.add_seller("own-zone")
    with own_time_zone(tmp_path) as zone:
        account = await add_account(tenant, ago(minutes=20), time_zone=zone)
        assert (await freshness_of(tenant))["since"] == ago(hours=1.5).isoformat()  # the day has ended 2 hours ago
        for back in range(31, 34):
            await tenant.add_fetch(account, Level.CAMPAIGN, TODAY - timedelta(days=back), ago(days=back - 28))
        days = {"custom": {"from": str(TODAY - timedelta(days=33)), "to": str(TODAY - timedelta(days=31))}}
        assert (await numbers(tenant, days))[0] == {**FRESH, "accountsBehind": []}


@pytest.mark.parametrize("told_by", ["connection/{}", "connection/{}/ADS_INSIGHTS", "a parked job"])
async def test_a_throttle_says_when_it_ends(shared_world: SmallWorld, told_by: str) -> None:
    tenant = await shared_world.add_seller(f"throttled-{new_id()}")
    account = await add_account(tenant, ago(hours=2))
    end = NOW + timedelta(minutes=7)
    if told_by == "a parked job":
        await add_job(tenant, account, state="PARKED", run_at=end)
    else:
        pause = {"paused_until": end, "reason": "slow down", "noted_at": NOW, "seller_id": tenant.seller_id}
        await shared_world.insert("call_pauses", {"scope": told_by.format(account), **pause})
    found = await freshness_of(tenant)
    assert (found["state"], found["reason"], found["expectedBy"]) == ("STALE", "THROTTLED", end.isoformat())


async def test_what_was_never_fetched_is_stale_since_it_was_connected(shared_world: SmallWorld) -> None:
    tenant = await shared_world.add_seller("never")
    account = await add_account(tenant)
    found = await freshness_of(tenant)
    assert (found["state"], found["reason"], found["since"]) == ("STALE", "NEVER_SYNCED", "2025-01-01T00:00:00+00:00")
    behind = {"state": "STALE", "reason": "NEVER_SYNCED", "accountsBehind": [global_id("AdAccount", account)]}
    assert await numbers(tenant) == (behind, [behind])


async def test_levels_that_differ_are_partial_and_numbers_know_their_own(shared_world: SmallWorld) -> None:
    tenant = await shared_world.add_seller("levels")
    account = await add_account(tenant, ago(minutes=5))
    await shared_world.write(
        "UPDATE stats_fetches SET fetched_at = $2 WHERE account_id = $1 AND level = $3", account, ago(hours=3), Level.AD
    )
    found = await freshness_of(tenant)
    assert (found["state"], found["reason"]) == ("PARTIAL", "BEHIND")
    assert await numbers(tenant) == ({**FRESH, "accountsBehind": []}, [{**FRESH, "accountsBehind": []}])


async def test_yesterdays_numbers_end_with_yesterday(shared_world: SmallWorld) -> None:
    """A late fetch of the whole day before says nothing of today."""
    tenant = await shared_world.add_seller("yesterday")
    account = await add_account(tenant)
    for level in Level:
        await tenant.add_fetch(account, level, TODAY - timedelta(days=1), ago(minutes=1))
    found = await freshness_of(tenant)
    assert (found["state"], found["since"]) == ("STALE", "2026-03-10T00:30:00+00:00")


async def test_accounts_that_differ_are_partial_over_a_list(shared_world: SmallWorld) -> None:
    tenant = await shared_world.add_seller("accounts")
    await add_account(tenant, ago(minutes=5))
    late = await add_account(tenant, ago(minutes=45))
    total, each = await numbers(tenant)
    behind = [global_id("AdAccount", late)]
    assert total == {"state": "PARTIAL", "reason": "BEHIND", "accountsBehind": behind}
    assert sorted(one["state"] for one in each) == ["FRESH", "LATE"]
    stale = await add_account(tenant, ago(days=1), health="UNHEALTHY")
    total, _ = await numbers(tenant)
    assert (total["state"], total["reason"]) == ("PARTIAL", "TOKEN_EXPIRED")
    assert sorted(total["accountsBehind"]) == sorted([*behind, global_id("AdAccount", stale)])


async def test_a_deactivated_account_is_behind_nothing(shared_world: SmallWorld) -> None:
    tenant = await shared_world.add_seller("deactivated")
    await add_account(tenant, ago(days=9), is_active=False)
    assert await freshness_of(tenant) is None
    assert await numbers(tenant) == (None, [None])
    await add_account(tenant, ago(minutes=5))
    total, each = await numbers(tenant)
    assert total == {**FRESH, "accountsBehind": []}
    assert sorted(each, key=str) == [None, {**FRESH, "accountsBehind": []}]


async def test_an_account_in_which_nothing_moves_is_fresh(shared_world: SmallWorld) -> None:
    tenant = await shared_world.add_seller("still")
    account = await add_account(tenant, ago(days=9), structure_synced_at=ago(hours=1))
    await shared_world.write("UPDATE campaigns SET status = 'ARCHIVED' WHERE account_id = $1", account)
    assert await freshness_of(tenant) == {**FRESH, "since": None, "expectedBy": None}
    await shared_world.write("UPDATE campaigns SET archived_at = $2 WHERE account_id = $1", account, ago(days=27))
    assert (await freshness_of(tenant))["state"] == "STALE"


async def test_a_day_that_was_left_out_is_a_gap(shared_world: SmallWorld) -> None:
    tenant = await shared_world.add_seller("gap")
    account = await add_account(tenant)
    await fetched(tenant, account, ago(minutes=5), days=10)
    week = {"preset": "LAST_7_DAYS"}
    assert (await numbers(tenant, week))[0] == {**FRESH, "accountsBehind": []}
    await shared_world.write(
        "DELETE FROM stats_fetches WHERE account_id = $1 AND level = 1 AND stat_date = $2", account, date(2026, 3, 7)
    )
    gap = {"state": "PARTIAL", "reason": "META_GAP", "accountsBehind": [global_id("AdAccount", account)]}
    assert await numbers(tenant, week) == (gap, [gap])
    assert (await numbers(tenant, {"preset": "YESTERDAY"}))[0] == {**FRESH, "accountsBehind": []}
    assert (await freshness_of(tenant))["state"] == "FRESH"  # of now, which knows no gap


async def test_what_lies_before_the_history_is_no_gap(shared_world: SmallWorld) -> None:
    tenant = await shared_world.add_seller("history")
    account = await add_account(tenant)
    await fetched(tenant, account, ago(minutes=5), days=10)
    assert (await numbers(tenant, {"preset": "LAST_90_DAYS"}))[0] == {**FRESH, "accountsBehind": []}
    before = {"custom": {"from": "2026-02-20", "to": "2026-02-25"}}
    assert (await numbers(tenant, before))[0]["reason"] == "NEVER_SYNCED"


async def test_final_days_are_fresh_for_ever_once_they_were_fetched_when_final(shared_world: SmallWorld) -> None:
    tenant = await shared_world.add_seller("final")
    account = await add_account(tenant, ago(days=2))  # it has not been synced since
    days = {"custom": {"from": "2026-01-01", "to": "2026-01-02"}}
    for day in (date(2026, 1, 1), date(2026, 1, 2)):
        await tenant.add_fetch(account, Level.CAMPAIGN, day, datetime(2026, 1, 31, tzinfo=UTC))
    assert (await numbers(tenant, days))[0] == {**FRESH, "accountsBehind": []}
    await shared_world.write(
        "UPDATE stats_fetches SET fetched_at = $2 WHERE account_id = $1 AND stat_date = '2026-01-02'",
        account,
        datetime(2026, 1, 30, 23, 59, tzinfo=UTC),
    )
    behind = {"state": "LATE", "reason": "BEHIND", "accountsBehind": [global_id("AdAccount", account)]}
    assert (await numbers(tenant, days))[0] == behind


async def test_what_was_known_at_an_instant_is_not_asked_for_its_freshness(shared_world: SmallWorld) -> None:
    tenant = await shared_world.add_seller("past")
    await add_account(tenant, ago(hours=9))
    assert await numbers(tenant, asOf=ago(hours=1).isoformat()) == (None, [None])


async def test_what_is_not_asked_for_costs_nothing(
    shared_world: SmallWorld, count_statements: Callable[[SmallWorld], AbstractContextManager[list[str]]]
) -> None:
    tenant = await shared_world.add_seller("cost")
    for _ in range(3):
        await add_account(tenant, ago(minutes=5))
    await numbers(tenant)
    document = "{{ campaigns {{ summary {{ {0} }} nodes {{ metrics {{ {0} }} adAccount {{ metrics {{ {0} }} }} }} }} }}"
    counts: list[int] = []
    await numbers(tenant)  # the driver learns the types of arrays once
    for fields in ("spend", "spend freshness { state }"):
        with frozen(NOW), count_statements(shared_world) as seen:
            await tenant.ask(document.format(fields))
        assert any("call_pauses" in statement for statement in seen) == ("freshness" in fields)
        counts.append(len(seen))
    # The accounts once, and days: of the summary, of the campaigns, and of their accounts.
    assert counts == [6, 6 + 4]


async def add_job(tenant: Tenant, account: UUID, **columns: object) -> None:
    job: dict[str, object] = {
        "id": new_id(),
        "seller_id": tenant.seller_id,
        "connection_id": account,
        "kind": "stats",
        "key": str(new_id()),
        "unit": "{}",
        "priority": 1,
        "attempt": 0,
        "tries": 0,
        "max_tries": 3,
        "losses": 0,
        "run_at": NOW,
        "rows_written": 0,
        "created_at": NOW,
        "coalesces": False,
        "cancel_requested": False,
        "pause_scopes": [],
        "use_case": "ADS_INSIGHTS",
    }
    await tenant.world.insert("jobs", {**job, **columns})
