"""How the calling app is set up with Meta: whether expired versions are upgraded, and whether it counts as new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pydantic import ConfigDict

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRules:
    """A sandbox has one app. A new one is refused the features that Meta withdraws with v28.0.

    `dropped_fields` are those of ads endpoints that its version does not have any more.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    upgrades_versions: bool = True
    is_new: bool = False
    dropped_fields: frozenset[str] = frozenset()


class AppScript:
    """The rules in force; the last that were armed."""

    def __init__(self) -> None:
        self.rules = AppRules()

    def arm(self, values: Sequence[AppRules]) -> None:
        if values:
            self.rules = values[-1]

    def clear(self) -> None:
        self.rules = AppRules()
