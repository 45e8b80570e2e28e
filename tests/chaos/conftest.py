"""Real processes on this test's own database and Valkey."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chaos.processes import Nursery, Processes

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from app.configuration.settings import Settings


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Of processes that only do what the tests ask for, and fetch no history by themselves."""
    return settings.model_copy(update={"schedule": False, "backfill_days": 0})


@pytest.fixture(scope="session")
def nursery() -> Generator[Nursery]:
    """Becomes our processes at once."""
    opened = Nursery()
    yield opened
    opened.close()


@pytest.fixture
def processes(settings: Settings, tmp_path: Path, nursery: Nursery) -> Generator[Processes]:
    """Starts workers, schedulers and apis; whatever still runs at the end is killed."""
    started = Processes(settings, tmp_path, nursery)
    yield started
    started.kill_all()
