"""A scenario: what Meta is like for a while, as data. A TOML file, or the same as JSON or TOML to /sandbox/scenario.

Its parts are the scripted values of the other modules, under the names of the control endpoints; `accounts` and
`pages` are generated and served beside what is served anyway, or instead of it. Examples are in scenarios/.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from app.errors import SetupError
from app.providers.sandbox.rules.app_rules import AppRules
from app.providers.sandbox.rules.limits import Limit
from app.providers.sandbox.script.currency_changes import CurrencyChange
from app.providers.sandbox.script.faults import Fault
from app.providers.sandbox.script.oddities import Oddity
from app.providers.sandbox.script.report_plans import ReportPlan
from app.providers.sandbox.script.restatements import Restatement
from app.providers.sandbox.script.stated_usage import StatedUsage
from app.providers.sandbox.script.throttles import Throttle
from app.providers.sandbox.script.token_script import TokenRule
from app.providers.sandbox.script.unlisted import Unlisting
from app.providers.sandbox.script.walk_troubles import EndlessPages, SpoiltObject
from app.providers.sandbox.world.scenario_accounts import AccountPlan, PagePlan

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`alone` leaves out what the sandbox serves otherwise; `clock_offset_seconds` moves its time."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str = ""
    alone: bool = False
    clock_offset_seconds: float = 0.0
    accounts: tuple[AccountPlan, ...] = ()
    pages: tuple[PagePlan, ...] = ()
    app: AppRules = field(default_factory=AppRules)
    faults: tuple[Fault, ...] = ()
    throttles: tuple[Throttle, ...] = ()
    usage: tuple[StatedUsage, ...] = ()
    reports: tuple[ReportPlan, ...] = ()
    limits: tuple[Limit, ...] = ()
    tokens: tuple[TokenRule, ...] = ()
    restatements: tuple[Restatement, ...] = ()
    unlisted: tuple[Unlisting, ...] = ()
    spoilt: tuple[SpoiltObject, ...] = ()
    endless: tuple[EndlessPages, ...] = ()
    oddities: tuple[Oddity, ...] = ()
    currencies: tuple[CurrencyChange, ...] = ()


def read_scenario(document: object) -> Scenario:
    """A scenario from parsed JSON or TOML; raises ValueError saying what is wrong."""
    return TypeAdapter(Scenario).validate_python(document)


def load_scenario(path: Path) -> Scenario:
    """The scenario in a TOML file; raises SetupError naming the file and what is wrong in it."""
    try:
        return read_scenario(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise SetupError(f"The scenario {path} can't be used: {wrong}") from None
    except (OSError, ValueError) as error:
        raise SetupError(f"The scenario {path} can't be read: {error}") from error
