"""A sandbox that runs: the world it serves, what clients changed, what is scripted, and the Graph over all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.providers.sandbox.batch import answer_batch
from app.providers.sandbox.changes import Changes
from app.providers.sandbox.graph import Graph
from app.providers.sandbox.script import Script
from app.providers.sandbox.usage import Usage

if TYPE_CHECKING:
    from pathlib import Path

    from app.providers.sandbox.call import GraphAnswer, GraphCall
    from app.providers.sandbox.worlds import World


class Sandbox:
    """Changes are kept in the file `state_path` if one is named; raises SetupError when it can't be read."""

    def __init__(self, world: World, *, state_path: Path | None = None) -> None:
        self.changes, self.script, self.usage = Changes(state_path), Script(), Usage()
        self.graph = Graph(world, self.changes, self.script, self.usage)

    async def answer(self, call: GraphCall) -> GraphAnswer:
        """Answer a call or a batch of them, and keep what it changed."""
        is_batch = call.method == "POST" and not call.path and "batch" in call.params
        answer = await answer_batch(self.graph, call) if is_batch else await self.graph.answer(call)
        self.changes.save()
        return answer
