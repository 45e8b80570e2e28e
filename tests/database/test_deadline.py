"""How long statements may run: within a request by its deadline, in the background for as long as they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
import pytest

from app.database.deadline import until_deadline
from app.errors import DeadlineExceededError
from app.services.reads import request_snapshot
from app.services.reads.request_snapshot import RequestSnapshot
from tests.database.opening import opened_engine
from tests.database.outages.test_lost_connections import OPENINGS, SELLER

if TYPE_CHECKING:
    from uuid import UUID

    from app.embedded.throwaway import ThrowawayDatabase
    from tests.database.outages.test_lost_connections import Opening

LIMIT = "SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'"


@pytest.mark.parametrize("opening", OPENINGS)
async def test_a_request_limits_its_statements_and_leaves_no_limit(
    database: ThrowawayDatabase, opening: Opening
) -> None:
    async with opened_engine(database.app_url) as engine:
        async with until_deadline(15), opening(engine) as driver:
            assert 12_000 < await driver.fetchval(LIMIT) <= 13_000
        async with opening(engine) as driver:
            assert await driver.fetchval(LIMIT) == 0


def _proof_of_anyone(_seller_id: UUID, _user_id: UUID) -> str:
    return "SELECT 1"


async def test_a_snapshot_whose_statement_took_too_long_reads_nothing_more(
    database: ThrowawayDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_snapshot, "membership_proof", _proof_of_anyone)
    async with opened_engine(database.app_url) as engine:
        snapshot = RequestSnapshot(engine, seller_id=SELLER, user_id=SELLER)
        async with until_deadline(1):
            for statement in ("SELECT pg_sleep(60)", "SELECT 1"):
                with pytest.raises(DeadlineExceededError) as told:
                    await snapshot.ask(lambda driver, text=statement: driver.fetchval(text))
                assert isinstance(told.value.__cause__, asyncpg.QueryCanceledError)
            await snapshot.close()
