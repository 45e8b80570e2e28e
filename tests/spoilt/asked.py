"""Which account a call of the Graph API is for, and what of it is asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl

from app.metrics.levels import Level

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

_token = re.compile(r"Bearer token-of-(page-)?(\d+)$").match
_LEVELS = {level.name.lower(): level for level in Level}


class Asked(NamedTuple):
    """`edge` is that of an account or a page; `node` is the account, `report` a report's state, `token` a check."""

    number: int
    edge: str
    params: Mapping[str, str]
    level: Level | None
    creates: bool


def read_asked(request: httpx.Request) -> Asked | None:
    """None for a call without a token of ours."""
    found = _token(request.headers.get("authorization", ""))
    if found is None:
        return None
    params = dict(parse_qsl(request.url.query.decode(), keep_blank_values=True))
    params |= dict(parse_qsl(request.content.decode("utf-8", "replace"), keep_blank_values=True))
    return Asked(
        number=int(found[2]),
        edge=_edge(request.url.path.split("/")[2:], is_page=found[1] is not None),
        params=params,
        level=_LEVELS.get(params.get("level", "")),
        creates=request.method == "POST",
    )


def _edge(path: list[str], *, is_page: bool) -> str:
    match path:
        case [""]:
            return "batch" if is_page else "token"
        case [_, edge] if is_page and edge == "insights":
            return "page_insights"
        case [owner, "insights"] if not owner.startswith("act_"):
            return "report_rows"
        case [_, edge]:
            return edge
        case [owner] if owner.startswith("act_"):
            return "node"
        case _:
            return "report"
