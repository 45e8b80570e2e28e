"""What looks like a mistake in the environment is in the log of each process, once and without a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from structlog.testing import capture_logs

from app.cli.process import process_start
from app.configuration.settings import Settings, load_settings

if TYPE_CHECKING:
    import pytest

SECRETS = ("database_url", "system_database_url", "redis_url", "auth_secret", "token_encryption_keys")


def _leave_logging_alone(**_settings: object) -> None:
    """The test captures what is logged."""


def test_a_misspelt_setting_is_in_the_log(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name.upper(), getattr(settings, name).get_secret_value())
    monkeypatch.setenv("LOGIN_TRYS", "hunter2")
    monkeypatch.setattr(process_start, "configure_logging", _leave_logging_alone)
    load_settings.cache_clear()
    try:
        with capture_logs() as logs:
            assert process_start.start_process("api").auth_secret == settings.auth_secret
    finally:
        load_settings.cache_clear()
    told = [line for line in logs if "LOGIN_TRYS" in line["reason"]]
    assert told == [
        {
            "event": "a setting looks like a mistake",
            "log_level": "warning",
            "reason": "LOGIN_TRYS is no setting and has no effect; is LOGIN_TRIES meant?",
        }
    ]
    assert "hunter2" not in str(logs)
