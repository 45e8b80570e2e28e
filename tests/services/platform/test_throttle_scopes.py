"""How far a throttle reaches: the app, an account, or one use case of an account."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app import clock
from app.errors import ProviderThrottledError, ThrottleScope
from app.identifiers import new_id
from app.services.platform.throttle_scopes import PauseScope, pause_scopes
from app.vocabulary import ProviderKind, UseCase
from tests.services.jobs_at_hand import chore, enqueue, execute, failing, job_of, nothing, state_of
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from app.services.context import Services

INSIGHTS, MANAGEMENT = UseCase.ADS_INSIGHTS, UseCase.ADS_MANAGEMENT


@pytest.mark.parametrize(
    ("scope", "held_back"),
    [
        (ThrottleScope.JOB, set[str]()),
        (ThrottleScope.USE_CASE, {"insights"}),
        (ThrottleScope.ACCOUNT, {"insights", "management"}),
        (ThrottleScope.APP, {"insights", "management", "elsewhere"}),
    ],
)
async def test_what_it_reaches_waits_and_the_rest_goes_on(
    services: Services, scope: ThrottleScope, held_back: set[str]
) -> None:
    account, other = new_id(), new_id()
    run = await enqueue(
        services,
        chore("throttled", connection_id=account),
        chore("insights", connection_id=account),
        chore("management", connection_id=account, use_case=MANAGEMENT),
        chore("elsewhere", connection_id=other),
        chore("own"),
    )
    throttled, *others = (job.job_id for job in run.jobs)
    until = clock.now() + timedelta(minutes=30)
    error = ProviderThrottledError("too many calls", retry_at=until, scope=scope, code=17)
    await execute(services, throttled, failing(error))
    for job_id, name in zip(others, ("insights", "management", "elsewhere", "own"), strict=True):
        await execute(services, job_id, nothing)
        job = await job_of(services, job_id)
        if name in held_back:
            assert (job["state"], job["attempt"], job["error_reason"]) == ("PARKED", 0, "too many calls"), name
            assert 1790 < job["wait"] <= 1801
        else:
            assert job["state"] == "SUCCEEDED", name


async def test_the_longer_of_two_pauses_counts(services: Services) -> None:
    account = new_id()
    run = await enqueue(services, *[chore(name, connection_id=account) for name in ("first", "second")])
    first, second = (job.job_id for job in run.jobs)
    for minutes in (60, 10):

        async def release() -> None:
            await fetch_work(
                services,
                "UPDATE jobs SET state = 'QUEUED', run_at = now(), pause_scopes = '{}' WHERE id = $1 RETURNING id",
                first,
            )

        await release()
        error = ProviderThrottledError("wait", retry_at=clock.now() + timedelta(minutes=minutes))
        await execute(services, first, failing(error))
    pauses = await fetch_work(
        services, "SELECT scope, extract(epoch FROM paused_until - now())::float8 AS wait FROM call_pauses"
    )
    assert [row["scope"] for row in pauses] == [f"connection/{account}"]
    assert 3590 < pauses[0]["wait"] <= 3601
    assert await state_of(services, second) == "PARKED"


async def test_who_is_held_by_several_pauses_waits_for_the_last_of_them(services: Services) -> None:
    account = new_id()
    run = await enqueue(
        services,
        chore("throttled", connection_id=account),
        chore("behind", connection_id=account),
    )
    throttled, behind = (job.job_id for job in run.jobs)

    async def meet_two_pauses(*_: object) -> int:
        await fetch_work(
            services,
            "INSERT INTO call_pauses (scope, paused_until, reason, noted_at)"
            " VALUES ('meta', now() + interval '1 hour', 'the app', now()) RETURNING scope",
        )
        retry_at = clock.now() + timedelta(minutes=10)
        raise ProviderThrottledError("wait", retry_at=retry_at, scope=ThrottleScope.USE_CASE)

    await execute(services, throttled, meet_two_pauses)
    for job_id in (throttled, behind):
        job = await job_of(services, job_id)
        assert (job["state"], job["error_reason"]) == ("PARKED", "wait")
        assert 3590 < job["wait"] <= 3601


async def test_a_pause_that_is_over_holds_nothing_back(services: Services) -> None:
    account = new_id()
    run = await enqueue(services, *[chore(name, connection_id=account) for name in ("first", "second")])
    first, second = (job.job_id for job in run.jobs)
    error = ProviderThrottledError("wait", retry_at=clock.now() + timedelta(minutes=30))
    await execute(services, first, failing(error))
    await fetch_work(services, "UPDATE call_pauses SET paused_until = now() RETURNING scope")
    await fetch_work(services, "UPDATE jobs SET run_at = now() RETURNING id")
    for job_id in (first, second):
        await execute(services, job_id, nothing)
        job = await job_of(services, job_id)
        assert (job["state"], job["tries"], job["error_reason"]) == ("SUCCEEDED", 1, None)


async def test_a_pause_of_one_providers_app_is_none_of_anothers(services: Services) -> None:
    run = await enqueue(
        services,
        chore("throttled", connection_id=new_id()),
        chore("of meta", connection_id=new_id()),
        chore("of the mock", connection_id=new_id(), provider=ProviderKind.MOCK),
    )
    throttled, of_meta, of_the_mock = (job.job_id for job in run.jobs)
    error = ProviderThrottledError("wait", retry_at=clock.now() + timedelta(minutes=30), scope=ThrottleScope.APP)
    await execute(services, throttled, failing(error))
    for job_id in (of_meta, of_the_mock):
        await execute(services, job_id, nothing)
    assert [await state_of(services, job_id) for job_id in (of_meta, of_the_mock)] == ["PARKED", "SUCCEEDED"]


def test_a_pause_is_known_by_its_name() -> None:
    account = new_id()
    names = pause_scopes(account, INSIGHTS, provider=ProviderKind.META)
    assert [PauseScope.parse(name) for name in names] == [
        PauseScope(),
        PauseScope(account),
        PauseScope(account, INSIGHTS),
    ]
