"""What the services of a process open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from app.services.context import Services


async def test_a_connection_to_redis_reads_no_metadata_of_the_library(services: Services) -> None:
    info = await cast("Any", services.redis).client_info()
    assert (info["lib-name"], info["lib-ver"]) == ("", "")
