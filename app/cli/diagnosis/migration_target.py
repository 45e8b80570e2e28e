"""Where a migration goes: a revision that exists, in the direction that was asked for."""

from __future__ import annotations

import re

from app.cli.printing.pasting import pasted_anywhere
from app.database.revision import known_revisions
from app.errors import SetupError

__all__ = ["BASE", "find_downgrade", "find_upgrade"]

BASE = "base"
HEAD = "head"
_STEPS = re.compile(r"[+-]\d{1,3}")


def find_upgrade(current: str, wanted: str | None) -> str:
    """The revision to go up to, the newest by default. Raises SetupError for one that is unknown or earlier."""
    target = _find(current, wanted or HEAD)
    if _place(target) < _place(current):
        back = pasted_anywhere("migrate", "down", target)
        raise SetupError(f"Nothing was changed: the schema is at {current}, later than {target}. `{back}` goes back.")
    return target


def find_downgrade(current: str, wanted: str | None) -> str:
    """The revision to go down to. Raises SetupError for none, one that is unknown, and one that is later."""
    if wanted is None:
        raise SetupError(f"Nothing was changed: `migrate down` needs the revision to go to. {_choice()}")
    target = _find(current, wanted)
    if _place(target) > _place(current):
        there = pasted_anywhere("migrate", "up", target)
        raise SetupError(
            f"Nothing was changed: the schema is at {current}, earlier than {target}. `{there}` goes there."
        )
    return target


def _find(current: str, wanted: str) -> str:
    """A revision by its name, or by a number of steps from the current one."""
    places = _places()
    _place(current)
    if wanted == HEAD:
        return places[-1]
    if wanted in places:
        return wanted
    step = _place(current) + int(wanted) if _STEPS.fullmatch(wanted) else -1
    if 0 <= step < len(places):
        return places[step]
    raise SetupError(f"Nothing was changed: there is no revision {wanted!r}. {_choice()}")


def _place(revision: str) -> int:
    try:
        return _places().index(revision)
    except ValueError:
        raise SetupError(
            f"Nothing was changed: the schema is at {revision}, which this release does not know. "
            "Use the release that migrated it."
        ) from None


def _places() -> tuple[str, ...]:
    return (BASE, *known_revisions())


def _choice() -> str:
    return f"Revisions: {', '.join(known_revisions())}; {BASE} deletes everything."
