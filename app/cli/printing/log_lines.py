"""The last lines of a process's log as people read them: of a JSON line what happened and the error, nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

_SAID = ("error", "reason")


def readable_lines(lines: Sequence[str]) -> list[str]:
    """A line each; other lines than JSON stay as they are, and repetitions are left out."""
    return list(dict.fromkeys(_readable(line) for line in lines))


def _readable(line: str) -> str:
    try:
        event: object = json.loads(line)
    except ValueError:
        return line
    if not isinstance(event, dict) or "event" not in event:
        return line
    facts = cast("dict[str, Any]", event)
    said = [str(facts[name]) for name in _SAID if facts.get(name)]
    raised = str(facts.get("exception") or "").strip().splitlines()[-1:]
    details = "; ".join([*said, *raised])
    return f"{facts['event']} ({details})" if details else str(facts["event"])
