"""A throttle of the whole app: one series of pauses for all accounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from app import clock
from app.errors import ProviderThrottledError
from app.providers.meta.provider import MetaProvider
from app.providers.meta.walks.patience import WalkPatience
from app.services.platform.call_budget import CallBudgets
from app.vocabulary import ProviderKind

if TYPE_CHECKING:
    import httpx
    from redis.asyncio import Redis

    from tests.providers.conftest import ScriptedGraph

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def app_limit_at(graph: ScriptedGraph, instant: datetime) -> Any:
    graph.answer_error(4, message="(#4) Application request limit reached")
    return clock.frozen(instant)


async def test_an_app_that_is_throttled_without_a_time_has_one_series_of_pauses(
    graph: ScriptedGraph, http_client: httpx.AsyncClient, redis: Redis
) -> None:
    def account(number: int) -> MetaProvider:
        return MetaProvider(
            http_client,
            graph_url=graph.url,
            api_version="v26.0",
            account_external_id=str(number),
            access_token=SecretStr("token"),
            currency="USD",
            budget=CallBudgets(redis).get_budget(ProviderKind.META, str(number), calls_per_hour=100),
            patience=WalkPatience(retry_pause=0),
        )

    now, minutes = NOON, list[float]()
    for number in range(6):
        for other in (number, number + 100):  # the second is refused while the pause of the first lasts
            with app_limit_at(graph, now), pytest.raises(ProviderThrottledError) as raised:
                await account(other).get_account()
        minutes.append((raised.value.retry_at - now) / timedelta(minutes=1))
        now = raised.value.retry_at
    assert minutes == [1, 2, 4, 8, 10, 10]

    graph.answer({"id": "act_105", "name": "Shop", "currency": "USD", "timezone_name": "UTC", "account_status": 1})
    with clock.frozen(now):
        await account(105).get_account()
    with app_limit_at(graph, now), pytest.raises(ProviderThrottledError) as raised:
        await account(7).get_account()
    assert raised.value.retry_at - now == timedelta(minutes=1)
