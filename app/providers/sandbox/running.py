"""A sandbox that runs: the world it serves, what clients changed, what is scripted, and the Graph over all of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app import clock
from app.providers.sandbox.graph import Graph
from app.providers.sandbox.rules.usage import Usage
from app.providers.sandbox.script.scenario import Scenario
from app.providers.sandbox.script.script import Script
from app.providers.sandbox.server.batch import answer_batch
from app.providers.sandbox.server.call_log import CallLog
from app.providers.sandbox.state.changes import Changes
from app.providers.sandbox.state.renewed_tokens import RenewedTokens
from app.providers.sandbox.world.scenario_accounts import generate_account, generate_planned_page
from app.providers.sandbox.world.worlds import World

if TYPE_CHECKING:
    from pathlib import Path

    from app.providers.sandbox.call import GraphAnswer, GraphCall


class Sandbox:
    """Changes are kept in the file `state_path` if one is named, and renewed tokens in one beside it.

    Raises SetupError when one of them can't be read.
    """

    def __init__(self, world: World, *, state_path: Path | None = None) -> None:
        self._world = world
        self.changes = Changes(state_path)
        self.script = Script(RenewedTokens(state_path.with_suffix(".tokens.json") if state_path else None))
        self.usage, self.log = Usage(), CallLog()
        self.scenario = Scenario()
        self.clock_offset_seconds = 0.0
        self.graph = self._serve(world)

    async def answer(self, call: GraphCall) -> GraphAnswer:
        """Answer a call or a batch of them, and keep what it changed."""
        is_batch = call.method == "POST" and not call.path and "batch" in call.params
        answer = await answer_batch(self.graph, call) if is_batch else await self.graph.answer(call)
        self.changes.save()
        return answer

    def load(self, scenario: Scenario) -> None:
        """Serve and script what a scenario says, and nothing of another one; raises SetupError for ids named twice."""
        with clock.frozen(clock.now() + timedelta(seconds=scenario.clock_offset_seconds - self.clock_offset_seconds)):
            made = World(
                accounts=tuple(generate_account(plan) for plan in scenario.accounts),
                pages=tuple(generate_planned_page(plan) for plan in scenario.pages),
                app_secret=self._world.app_secret,
            )
        self.graph = self._serve(made if scenario.alone else World.combined(self._world, made))
        self.scenario = scenario
        self.clock_offset_seconds = scenario.clock_offset_seconds
        self.script.clear()
        self.script.arm(scenario)

    def forget_calls(self) -> None:
        """Count from nothing."""
        self.usage.clear()
        self.log.clear()

    def _serve(self, world: World) -> Graph:
        return Graph(world, self.changes, self.script, self.usage, self.log)
