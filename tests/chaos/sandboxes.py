"""The sandbox's control endpoints, as the chaos tests use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.services.shop import Shop


async def control(shop: Shop, place: str, document: object = None) -> Any:
    """POST to a control endpoint; answers what it says."""
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{shop.url}/sandbox/{place}", json=document)
        return answer.raise_for_status().json()


async def call_log(shop: Shop, number: str = "1") -> Sequence[dict[str, Any]]:
    """The answered calls about an account, oldest first."""
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{shop.url}/sandbox/calls/log", params={"account": f"act_{number}"})
        return answer.json()["calls"]


async def forget(shop: Shop, place: str) -> None:
    """DELETE at a control endpoint: what was scripted there is over."""
    async with httpx.AsyncClient() as client:
        (await client.delete(f"{shop.url}/sandbox/{place}")).raise_for_status()
