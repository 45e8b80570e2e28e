from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from app.configuration.settings import LogFormat
from app.observability.correlation import begin_correlation
from app.observability.logging import configure_logging, get_logger

if TYPE_CHECKING:
    from tests.observability.conftest import Lines


def test_a_line_is_one_json_object(written: Lines) -> None:
    begin_correlation("request-0001")
    get_logger("app.somewhere").info("synced\nrows", rows=12, account=None, ratio=0.5, name="Đà Nẵng")
    (line,) = written()
    assert datetime.fromisoformat(line.pop("timestamp")).utcoffset() is not None
    assert line == {
        "event": "synced\nrows",
        "rows": 12,
        "account": None,
        "ratio": 0.5,
        "name": "Đà Nẵng",
        "level": "info",
        "logger": "app.somewhere",
        "process": "tests",
        "correlation_id": "request-0001",
    }


def test_a_librarys_line_has_the_same_fields(written: Lines) -> None:
    begin_correlation("request-0002")
    logging.getLogger("uvicorn.error").info("started on port %d", 8000)
    (line,) = written()
    del line["timestamp"]
    assert line == {
        "event": "started on port 8000",
        "level": "info",
        "logger": "uvicorn.error",
        "process": "tests",
        "correlation_id": "request-0002",
    }


def test_each_line_carries_the_correlation_of_its_work(written: Lines) -> None:
    log = get_logger("tests")
    first = begin_correlation()
    log.info("one")
    second = begin_correlation()
    log.info("two")
    log.info("three", correlation_id="its-own-one")
    assert [line["correlation_id"] for line in written()] == [first, second, "its-own-one"]


@pytest.mark.parametrize(("level", "count"), [("debug", 3), ("INFO", 2), ("Warning", 1), ("ERROR", 0)])
@pytest.mark.usefixtures("logging_restored")
def test_the_level_holds_for_all(capsys: pytest.CaptureFixture[str], level: str, count: int) -> None:
    configure_logging(level=level, log_format=LogFormat.JSON, process="tests")
    log = get_logger("tests")
    log.debug("details")
    logging.getLogger("some.library").info("news")
    log.warning("odd")
    assert len(capsys.readouterr().err.splitlines()) == count


def test_libraries_that_say_too_much_only_warn(written: Lines) -> None:
    for name in ("httpx", "taskiq.receiver.receiver"):
        logging.getLogger(name).info("Executing task do_job with ID: 1")
        logging.getLogger(name).warning("odd")
    assert [(line["logger"], line["event"]) for line in written()] == [
        ("httpx", "odd"),
        ("taskiq.receiver.receiver", "odd"),
    ]


@pytest.mark.usefixtures("logging_restored")
def test_people_read_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(log_format=LogFormat.CONSOLE, process="tests")
    get_logger("tests").info("asked", url="https://g.example/me?access_token=EAABx")
    (line,) = capsys.readouterr().err.splitlines()
    assert "asked" in line
    assert "access_token=[secret]" in line
    assert not line.startswith("{")


@pytest.mark.usefixtures("logging_restored")
def test_without_a_terminal_lines_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(log_format=LogFormat.AUTO, process="tests")
    get_logger("tests").info("asked")
    assert capsys.readouterr().err.startswith('{"event": "asked"')


@pytest.mark.usefixtures("logging_restored")
def test_to_configure_twice_writes_once(capsys: pytest.CaptureFixture[str]) -> None:
    for process in ("api", "worker"):
        configure_logging(log_format=LogFormat.JSON, process=process)
    get_logger("tests").info("asked")
    (line,) = capsys.readouterr().err.splitlines()
    assert '"process": "worker"' in line


@pytest.mark.usefixtures("logging_restored")
def test_a_logger_that_was_used_follows_a_later_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    log = get_logger("tests")
    for process in ("api", "worker"):
        configure_logging(log_format=LogFormat.JSON, process=process)
        log.info("asked")
    first, second = capsys.readouterr().err.splitlines()
    assert '"process": "api"' in first
    assert '"process": "worker"' in second
