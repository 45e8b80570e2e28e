from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from tests.sandbox.asking import asking
from tests.sandbox.small_world import WORLD

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.sandbox.asking import Asking


@pytest_asyncio.fixture
async def meta() -> AsyncGenerator[Asking]:
    """The small world, asked with account 1's token."""
    async with asking(WORLD) as asked:
        yield asked
