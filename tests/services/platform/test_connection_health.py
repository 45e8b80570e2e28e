"""What becomes of the work of a connection that the platform refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.errors import ProviderTransientError, TokenRejectedError
from app.identifiers import new_id
from app.services.platform.connection_health import end_parked
from tests.services.jobs_at_hand import chore, enqueue, execute, failing, job_of, state_of
from tests.services.shop import add_seller, sandbox_for
from tests.services.working import fetch_work

if TYPE_CHECKING:
    from app.services.context import Services

DEAD = TokenRejectedError("Error validating access token: Session has expired.")


@pytest.mark.parametrize(("error", "ends"), [(DEAD, True), (ProviderTransientError("no answer"), False)])
async def test_what_is_parked_ends_with_its_token(services: Services, error: Exception, *, ends: bool) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop:
        dead = await shop.connect()
    run = await enqueue(
        services,
        *[chore(name, seller_id=seller_id, connection_id=dead) for name in ("dying", "parked")],
        chore("of another", seller_id=seller_id, connection_id=new_id()),
    )
    dying, parked, of_another = (job.job_id for job in run.jobs)

    async def die_after_a_pause(*_: object) -> int:
        await fetch_work(
            services,
            "INSERT INTO call_pauses (scope, seller_id, paused_until, reason, noted_at)"
            " VALUES ('connection/' || $1::uuid, $2, now() + interval '9 minutes', 'full', now()) RETURNING scope",
            *(dead, seller_id),
        )
        await fetch_work(
            services,
            "UPDATE jobs SET state = 'PARKED', run_at = now() + interval '9 minutes' WHERE id = ANY($1) RETURNING id",
            [parked, of_another],
        )
        raise error

    await execute(services, dying, die_after_a_pause)
    await execute(services, parked, failing(DEAD))
    job = await job_of(services, parked)
    if ends:
        assert (job["state"], job["error_reason"]) == ("FAILED", str(DEAD))
    else:
        assert job["state"] == "PARKED"
    assert await state_of(services, of_another) == "PARKED"


async def test_where_nothing_is_parked_nothing_changes(services: Services) -> None:
    account = new_id()
    run = await enqueue(services, chore("queued", connection_id=account))
    await end_parked(services, connection_id=account)
    [row] = await fetch_work(services, "SELECT state, cardinality(pause_scopes) AS scopes FROM jobs")
    assert (row["state"], row["scopes"] > 0, len(run.jobs)) == ("QUEUED", True, 1)
