from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app.services.context import open_services
from graphql_schema.context import open_context
from graphql_schema.schema import schema

if TYPE_CHECKING:
    from app.settings import Settings


@pytest.mark.parametrize("query", ["{ __schema { __typename } }", '{ __type(name: "Ad") { name } }'])
@pytest.mark.parametrize("allowed", [True, False])
async def test_introspection_is_answered_as_set(settings: Settings, query: str, *, allowed: bool) -> None:
    async with open_services(settings, process="tests") as services:
        as_set = replace(services, settings=settings.model_copy(update={"introspection": allowed}))
        async with open_context(as_set, None) as context:
            result = await schema.execute(query, context_value=context)
    assert (result.data is not None) is allowed
    assert [(error.extensions or {}).get("code") for error in result.errors or []] == (
        [] if allowed else ["BAD_USER_INPUT"]
    )


async def test_typename_is_always_answered(settings: Settings) -> None:
    async with open_services(settings, process="tests") as services:
        as_set = replace(services, settings=settings.model_copy(update={"introspection": False}))
        async with open_context(as_set, None) as context:
            result = await schema.execute("{ __typename }", context_value=context)
    assert result.errors is None
    assert result.data == {"__typename": "Query"}
