"""What a development instance tells its processes, and what it leaves to the caller."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.printing.environment import development_environment
from app.configuration.settings import Settings
from app.embedded.passwords import GeneratedSecrets

if TYPE_CHECKING:
    import pytest


def settings_of_an_instance() -> Settings:
    variables = development_environment(
        GeneratedSecrets(),
        metrics_port=0,
        data_directory=Path("/data"),
        sandbox_port=4000,
        worker_health_port=0,
        scheduler_health_port=0,
        postgres_port=5000,
        valkey_port=6000,
    )
    return Settings.model_validate({name.lower(): value for name, value in variables.items()})


def test_a_first_start_waits_neither_for_calls_nor_for_totals(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("META_CALLS_PER_HOUR", "ROLLUP_DELAY_SECONDS"):
        monkeypatch.delenv(name, raising=False)
    settings = settings_of_an_instance()
    assert (settings.meta_calls_per_hour, settings.rollup_delay_seconds) == (10_000, 2)


def test_the_caller_decides_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLUP_DELAY_SECONDS", "30")
    assert settings_of_an_instance().rollup_delay_seconds == 30
