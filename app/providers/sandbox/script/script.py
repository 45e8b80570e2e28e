"""Everything that is scripted about a running sandbox, in one place for Graph and for the control endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.providers.sandbox.rules.app_rules import AppScript
from app.providers.sandbox.rules.limits import Limits
from app.providers.sandbox.script.currency_changes import CurrencyChanges
from app.providers.sandbox.script.faults import FaultScript
from app.providers.sandbox.script.oddities import Oddities
from app.providers.sandbox.script.report_plans import ReportPlans
from app.providers.sandbox.script.restatements import Restatements
from app.providers.sandbox.script.stated_usage import UsageScript
from app.providers.sandbox.script.throttles import Throttles
from app.providers.sandbox.script.token_script import TokenScript
from app.providers.sandbox.script.unlisted import Unlisted
from app.providers.sandbox.script.walk_troubles import EndlessWalks, SpoiltObjects

if TYPE_CHECKING:
    from app.providers.sandbox.script.scenario import Scenario
    from app.providers.sandbox.state.renewed_tokens import RenewedTokens


class Script:
    """Nothing is scripted as it begins."""

    def __init__(self, renewed_tokens: RenewedTokens) -> None:
        self.app = AppScript()
        self.faults = FaultScript()
        self.throttles = Throttles()
        self.usage = UsageScript()
        self.reports = ReportPlans()
        self.limits = Limits()
        self.tokens = TokenScript(renewed_tokens)
        self.restatements = Restatements()
        self.unlisted = Unlisted()
        self.spoilt = SpoiltObjects()
        self.endless = EndlessWalks()
        self.oddities = Oddities()
        self.currencies = CurrencyChanges()

    def arm(self, scenario: Scenario) -> None:
        """Everything that a scenario scripts, beside what is scripted already."""
        self.app.arm([scenario.app])
        self.faults.arm(scenario.faults)
        self.throttles.arm(scenario.throttles)
        self.usage.arm(scenario.usage)
        self.reports.arm(scenario.reports)
        self.limits.arm(scenario.limits)
        self.tokens.arm(scenario.tokens)
        self.restatements.arm(scenario.restatements)
        self.unlisted.arm(scenario.unlisted)
        self.spoilt.arm(scenario.spoilt)
        self.endless.arm(scenario.endless)
        self.oddities.arm(scenario.oddities)
        self.currencies.arm(scenario.currencies)

    def clear(self) -> None:
        self.app.clear()
        self.faults.clear()
        self.throttles.clear()
        self.usage.clear()
        self.reports.clear()
        self.limits.clear()
        self.tokens.clear()
        self.restatements.clear()
        self.unlisted.clear()
        self.spoilt.clear()
        self.endless.clear()
        self.oddities.clear()
        self.currencies.clear()
