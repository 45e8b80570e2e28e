"""What a walk is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.providers.meta.values.answer_json import parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Edge(NamedTuple):
    """An edge of an object, with what is asked of it.

    `what` names its items in messages, `parse` reads the body of a page. `id_field` is the field that names an item and
    is answered even where others spoil the page; None where items have none. `is_report` for the rows of a report.
    """

    path: str
    params: Mapping[str, str]
    what: str
    parse: Callable[[bytes, str], object] = parse_json
    id_field: str | None = None
    is_report: bool = False
