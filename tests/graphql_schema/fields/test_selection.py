"""What is selected is found in fragments too, and however they are nested it takes no time to speak of."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.graphql_schema.small_world import SmallWorld

DEPTH = 40  # a walk through every spread would take 2^40 steps


def nested(kind: str, last: str) -> str:
    """Fragments of which each is spread twice in the one before."""
    inner = [f"fragment F{n} on {kind} {{ ...F{n + 1} ...F{n + 1} }}" for n in range(DEPTH)]
    return "\n".join((*inner, f"fragment F{DEPTH} on {kind} {{ {last} }}"))


@pytest.mark.parametrize(
    ("query", "fragments"),
    [
        ("{ campaigns { pageInfo { ...F0 } } }", nested("PageInfo", "endCursor hasNextPage")),
        ("{ campaigns { edges { ...F0 } } }", nested("CampaignEdge", "cursor")),
        (
            "{ campaigns { nodes { series(granularity: DAY) { ...F0 } } } }",
            nested("MetricsPoint", "metrics { spend } statusChanges { at }"),
        ),
    ],
)
async def test_fragments_in_fragments_are_looked_at_once(world: SmallWorld, query: str, fragments: str) -> None:
    tenant = await world.add_seller("acme")
    await tenant.add_campaign(await tenant.add_account())

    async with asyncio.timeout(5):
        found = await tenant.ask(f"{query}\n{fragments}")

    (answer,) = found["campaigns"].values()
    assert "spend" in str(answer) or "cursor" in str(answer).lower()
