"""What may be asked of a sync, before any work begins."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app import clock
from app.errors import InputError
from app.metrics.levels import Level
from app.services.sync import enqueue_seller_sync
from tests.services.shop import add_seller, sandbox_for

if TYPE_CHECKING:
    from app.services.context import Services


async def test_levels_and_accounts_named_twice_are_synced_once(services: Services) -> None:
    seller_id = await add_seller(services)
    with sandbox_for(services, seller_id) as shop:
        account_id = await shop.connect()
        run = await enqueue_seller_sync(
            shop.services,
            seller_id=seller_id,
            requested_by=None,
            levels=[Level.AD, Level.AD],
            account_ids=[account_id, account_id],
        )
    assert [job.key.rpartition("__")[2] for job in run.jobs] == ["AD"]


async def test_the_future_can_not_be_synced(services: Services) -> None:
    seller_id = await add_seller(services)
    day = clock.now().date() + timedelta(days=2)
    with pytest.raises(InputError, match=r"^input\.from: .* lies in the future$"):
        await enqueue_seller_sync(services, seller_id=seller_id, requested_by=None, from_date=day, to_date=day)
