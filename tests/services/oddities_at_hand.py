"""Playing scenarios to a shop's sandbox, and what the shop's warnings say afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from tests.services.shop import Shop

_WARNINGS = "SELECT subject, sentence, examples FROM sync_warnings ORDER BY subject, sentence"


def odd(edge: str, entity: str, field: str, json: str) -> str:
    """A scenario in which a field of one entity is other than it should be, as JSON."""
    return f"""
[[oddities]]
match = {{ edge = "{edge}" }}
id = "{entity}"
field = "{field}"
json = '{json}'
"""


async def play(shop: Shop, scenario: str) -> None:
    """Let the sandbox be as a scenario's file says."""
    async with httpx.AsyncClient(headers={"Content-Type": "application/toml"}) as client:
        (await client.post(f"{shop.url}/sandbox/scenario", content=scenario)).raise_for_status()


async def named(shop: Shop) -> dict[str, str]:
    """The sentences of all warnings, with their subjects."""
    return {sentence: subject for subject, sentence, _ in await shop.rows(_WARNINGS)}
