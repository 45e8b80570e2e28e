"""The four paging arguments of a connection, and which part of a list they mean."""

from dataclasses import dataclass
from typing import Annotated

import strawberry

from app.errors import InputError
from app.queries.lists.listings import Window
from graphql_schema.paging.cursors import Cursors

DEFAULT_SIZE = 20
TOP_LIMIT = 100
NESTED_LIMIT = 50

First = Annotated[
    int | None,
    strawberry.argument(
        description=f"How many items from the start, or after `after`: 1 to {TOP_LIMIT}, 1 to {NESTED_LIMIT} in a "
        f"nested list. Null: {DEFAULT_SIZE}, unless `last` is given.",
    ),
]
After = Annotated[
    str | None,
    strawberry.argument(description="A cursor from this list; returns the items after it. Null: from the start."),
]
Last = Annotated[
    int | None,
    strawberry.argument(
        description=f"How many items from the end, or before `before`: 1 to {TOP_LIMIT}, 1 to {NESTED_LIMIT} in a "
        "nested list. Null: page forwards.",
    ),
]
Before = Annotated[
    str | None,
    strawberry.argument(description="A cursor from this list; returns the items before it. Null: from the end."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageArguments:
    first: int | None
    after: str | None
    last: int | None
    before: str | None

    def window(self, cursors: Cursors, *, limit: int) -> Window:
        """The part of the list. Raises InputError naming the argument that is wrong."""
        backwards = self.last is not None or (self.before is not None and self.first is None)
        self._check_direction(backwards=backwards)
        name, size = ("last", self.last) if backwards else ("first", self.first)
        if size is not None and not 1 <= size <= limit:
            raise InputError(name, f"must be from 1 to {limit}, not {size}")
        start_name, start = ("before", self.before) if backwards else ("after", self.after)
        return Window(
            size=DEFAULT_SIZE if size is None else size,
            backwards=backwards,
            position=None if start is None else cursors.read(start, start_name),
        )

    def _check_direction(self, *, backwards: bool) -> None:
        if self.first is not None and self.last is not None:
            raise InputError("last", "can't be combined with first")
        if backwards and self.after is not None:
            raise InputError("after", "can't be combined with last or before")
        if not backwards and self.before is not None:
            raise InputError("before", "can't be combined with first")
