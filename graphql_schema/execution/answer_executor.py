"""Executes operations as graphql-core does, but counts the values of the answer, and completes long lists in turns."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast
from weakref import ref

from graphql import GraphQLResolveInfoHelpers, get_named_type, is_leaf_type
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graphql_schema.context import Context
from graphql_schema.execution.answer_budget import current_answer
from graphql_schema.fields.selection import FIELDS_OF_AN_OBJECT, objects_selected
from graphql_schema.fields.turns import AT_ONCE, Turns

__all__ = ["AnswerExecutor"]


class AnswerExecutor(StrawberryGraphQLCoreExecutionContext):
    """The executor of one operation."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.async_helpers = _without_cycle(self)
        self._answer = current_answer()
        self._objects: dict[int, int] = {}
        self._counted: dict[int, int] = {}
        if self._answer is not None:
            self._answer.spend(1)

    def execute_fields(  # graphql-core's
        self, parent_type: Any, source_value: Any, path: Any, grouped_field_set: Any, position_context: Any
    ) -> Any:
        if self._answer is not None:
            self._answer.spend(len(grouped_field_set))
        execute = cast("Any", super()).execute_fields
        return execute(parent_type, source_value, path, grouped_field_set, position_context)

    def complete_list_value(  # graphql-core's
        self, return_type: Any, field_details_list: Any, info: Any, path: Any, result: Any, position_context: Any
    ) -> Any:
        complete = cast("Any", super()).complete_list_value
        items = self._in_turns(result, return_type, field_details_list, info)
        return complete(return_type, field_details_list, info, path, items, position_context)

    async def complete_awaitable_value(  # graphql-core's
        self, return_type: Any, field_details_list: Any, info: Any, path: Any, result: Any, position_context: Any
    ) -> Any:
        """A field's resolver starts here: those of a list's items would otherwise all do so in one turn."""
        if isinstance(info.context, Context):
            own = info.context.turns
            await own.take()
            if (objects := self._objects_of(field_details_list, info)) > 1:
                result = _weighed(result, own, objects - 1)
        complete = cast("Any", super()).complete_awaitable_value
        return await complete(return_type, field_details_list, info, path, result, position_context)

    def handle_field_error(  # graphql-core's
        self, raw_error: Exception, return_type: Any, field_details_list: Any, path: Any
    ) -> None:
        if self._answer is not None:
            self._answer.note_failure(raw_error)
        handle = cast("Any", super()).handle_field_error
        try:
            handle(raw_error, return_type, field_details_list, path)
        except Exception as error:
            if self._answer is not None:
                self._answer.note_failure(error)
            raise

    def _objects_of(self, field_details_list: Any, info: Any) -> int:
        """How many objects a value of this field has; counted once for all parents."""
        key = id(field_details_list)  # which the operation keeps
        if key not in self._objects:
            self._objects[key] = objects_selected(info, self._counted)
        return self._objects[key]

    def _in_turns(self, items: Any, return_type: Any, field_details_list: Any, info: Any) -> Any:
        """The items as they are if there are few, and nothing else is to be completed first."""
        if not isinstance(info.context, Context):
            return items
        own = info.context.turns
        if is_leaf_type(cast("Any", get_named_type(return_type))):
            objects, together = 1, FIELDS_OF_AN_OBJECT
        else:
            objects, together = self._objects_of(field_details_list, info), 1
        total = _count(items) * objects // together
        if not total or (total <= AT_ONCE and own.take_now(total)):
            return items
        return own.each(items, objects=objects, together=together)


async def _weighed(result: Any, turns: Turns, objects: int) -> Any:
    """The value, once its turn has come: loads give many at a time, and each may have hundreds of fields."""
    value = await result
    await turns.take(objects)
    return value


def _without_cycle(executor: AnswerExecutor) -> GraphQLResolveInfoHelpers:
    """Helpers that don't keep their executor alive: the collector would have to find each answer otherwise."""
    reference = ref(executor)

    def gather(awaitables: Any) -> Any:
        return cast("Any", reference()).gather_async_work(awaitables)

    def track(awaitables: Any) -> None:
        cast("Any", reference()).track_async_work(awaitables)

    return GraphQLResolveInfoHelpers(gather=gather, track=track)


def _count(items: object) -> int:
    return len(cast("Collection[object]", items)) if isinstance(items, Collection) else 0
