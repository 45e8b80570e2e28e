"""Log lines as in a process, in which no secret may be."""

from __future__ import annotations

import pytest

from app.observability.logging import configure_logging
from app.settings import LogFormat


@pytest.fixture(autouse=True)
def logging_as_in_a_process(capsys: pytest.CaptureFixture[str]) -> None:  # noqa: ARG001  # lines go where they are caught
    configure_logging(process="tests", log_format=LogFormat.JSON)
