"""A snapshot that is closed lets go of everything, whatever it was waiting for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from app.identifiers import new_id
from app.queries.lists.directory import get_calendar
from app.services.reads.request_snapshot import RequestSnapshot
from tests.database.opening import opened_engine

if TYPE_CHECKING:
    from app.embedded.throwaway import ThrowawayDatabase


async def test_what_waits_for_a_connection_asks_nothing_any_more(database: ThrowawayDatabase) -> None:
    async with opened_engine(database.app_url) as engine:
        seller_id = new_id()
        snapshot = RequestSnapshot(engine, seller_id=seller_id, user_id=new_id())
        async with engine.connect():  # the only one there is
            asking = asyncio.create_task(snapshot.ask(lambda driver: get_calendar(driver, seller_id)))
            await asyncio.sleep(0)
            closing = asyncio.create_task(snapshot.close())
            await asyncio.wait([asking], timeout=5)
            assert asking.cancelled()
            assert not closing.done()
        await closing
        assert cast("Any", engine.pool).checkedout() == 0
