"""Fields in batch form: one function from all parents of a level to their values, in the parents' order.

The batch form is the only definition of such a field. The ordinary executor calls it with one parent at a time and
the request's loaders bring the calls together; an executor that works level by level may call it with all parents.
"""

from typing import TYPE_CHECKING, Any

import strawberry
from strawberry.extensions import FieldExtension

if TYPE_CHECKING:
    from collections.abc import Callable

PARENTS = "parents"

Parents = strawberry.Parent[Any]  # annotates the parameter `parents`: a list


class BatchField(FieldExtension):
    """Resolves a field in batch form for a single parent."""

    def resolve(self, next_: "Callable[..., Any]", source: Any, info: Any, **kwargs: Any) -> Any:
        return next_(source, info, **{**kwargs, PARENTS: [source]})[0]

    async def resolve_async(self, next_: "Callable[..., Any]", source: Any, info: Any, **kwargs: Any) -> Any:
        values = await next_(source, info, **{**kwargs, PARENTS: [source]})
        return values[0]


def batched(load: "Callable[..., Any]", *, description: str, name: str | None = None) -> Any:
    """A field whose type is annotated where it stands and whose values `load(parents=, info=, **arguments)` gives."""
    return strawberry.field(resolver=load, description=description, name=name, extensions=[BatchField()])
