"""Everything that is scripted about a running sandbox, in one place for Graph and for the control endpoints."""

from __future__ import annotations

from app.providers.sandbox.faults import FaultScript
from app.providers.sandbox.limits import Limits
from app.providers.sandbox.report_plans import ReportPlans
from app.providers.sandbox.stated_usage import UsageScript
from app.providers.sandbox.throttles import Throttles
from app.providers.sandbox.token_script import TokenScript


class Script:
    """Nothing is scripted as it begins."""

    def __init__(self) -> None:
        self.faults = FaultScript()
        self.throttles = Throttles()
        self.usage = UsageScript()
        self.reports = ReportPlans()
        self.limits = Limits()
        self.tokens = TokenScript()

    def clear(self) -> None:
        self.faults.clear()
        self.throttles.clear()
        self.usage.clear()
        self.reports.clear()
        self.limits.clear()
        self.tokens.clear()
