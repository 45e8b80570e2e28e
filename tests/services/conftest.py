"""Services on this test's own database and Valkey, and a worker's work done in the test's own process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.observability.logging import configure_logging
from app.services.context import open_services
from app.settings import LogFormat

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from app.services.context import Services
    from app.settings import Settings


@pytest.fixture(scope="session", autouse=True)
def logging_as_in_a_process() -> None:
    """Log lines of services pass through the same processors as in a process."""
    configure_logging(process="tests", log_format=LogFormat.JSON)


@pytest.fixture
async def services(settings: Settings) -> AsyncGenerator[Services]:
    """What every service takes as its first argument."""
    async with open_services(settings, process="tests") as opened:
        yield opened
