"""Of JSON log lines people see what happened and the error."""

from __future__ import annotations

import json

from app.cli.printing.log_lines import readable_lines


def test_of_a_json_line_the_event_and_the_error_are_shown() -> None:
    refused = {"event": "readiness check failed", "check": "redis", "error": "ConnectionError", "level": "warning"}
    fell = {"event": "job fell", "exception": "Traceback …\n  File …\nValueError: no such day\n"}
    told = {"event": "Started server process", "process": "api"}
    lines = [*(json.dumps(each) for each in (refused, fell, told, told)), "plain", "[1]", "{", '{"a": 1}']
    assert readable_lines(lines) == [
        "readiness check failed (ConnectionError)",
        "job fell (ValueError: no such day)",
        "Started server process",
        "plain",
        "[1]",
        "{",
        '{"a": 1}',
    ]
