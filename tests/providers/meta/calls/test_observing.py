"""Every answer of Meta is counted once, by use case and class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from app.errors import ProviderError
from app.providers.meta.provider import MetaProvider

if TYPE_CHECKING:
    from tests.providers.conftest import ScriptedGraph

OUTCOMES = ("OK", "THROTTLED", "TOO_MUCH_DATA", "TRANSIENT", "TOKEN", "PERMISSION", "REFUSED", "ABANDONED")
ACCOUNT = {
    "account_id": "1001",
    "name": "A",
    "currency": "USD",
    "timezone_name": "UTC",
    "account_status": 1,
    "id": "act_1001",
}


def counted() -> dict[str, float]:
    values = {
        outcome: REGISTRY.get_sample_value(
            "pixecom_meta_answers_total", {"use_case": "ADS_MANAGEMENT", "outcome": outcome}
        )
        for outcome in OUTCOMES
    }
    return {outcome: value for outcome, value in values.items() if value}


def timed() -> float:
    return REGISTRY.get_sample_value("pixecom_meta_seconds_count", {"use_case": "ADS_MANAGEMENT"}) or 0.0


def since(before: dict[str, float]) -> dict[str, float]:
    return {
        outcome: value - before.get(outcome, 0) for outcome, value in counted().items() if value != before.get(outcome)
    }


@pytest.mark.parametrize(
    ("code", "outcome"),
    [(17, "THROTTLED"), (2, "TRANSIENT"), (190, "TOKEN"), (200, "PERMISSION"), (100, "REFUSED")],
)
async def test_a_failure_is_counted_by_its_class(
    meta: MetaProvider, graph: ScriptedGraph, code: int, outcome: str
) -> None:
    graph.answer_error(code)
    before, timed_before = counted(), timed()
    with pytest.raises(ProviderError):
        await meta.get_account()
    assert (since(before), timed() - timed_before) == ({outcome: 1}, 1)


async def test_what_is_answered_well_is_ok(meta: MetaProvider, graph: ScriptedGraph) -> None:
    graph.answer(ACCOUNT)
    before = counted()
    await meta.get_account()
    assert since(before) == {"OK": 1}


async def test_no_answer_is_transient() -> None:
    before = counted()
    async with httpx.AsyncClient() as client:
        provider = MetaProvider(
            client,
            graph_url="http://127.0.0.1:1",
            api_version="v26.0",
            account_external_id="1",
            access_token=SecretStr("EAAnobody"),
        )
        with pytest.raises(ProviderError):
            await provider.get_account()
    assert since(before) == {"TRANSIENT": 1}
