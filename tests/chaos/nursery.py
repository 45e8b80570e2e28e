"""Processes of ours without the seconds of their imports: one that has imported everything becomes them by forking.

    python -m tests.chaos.nursery

Reads requests from stdin and writes an answer to stdout for each, JSON by lines: `{"start": [argument, ...],
"environment": {...}, "log": path}` answers `{"pid": …}`, `{"poll": pid}` answers `{"code": …}`, null while it runs.
What it started ends with it, and it ends with its stdin. A started process is what the command line makes of the
arguments, but that its worker knows the job kinds of the tests as well.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from typing import Any

_HEAVY = (
    "app.cli.main",
    "app.cli.process.loop",
    "app.cli.process.server",
    "app.http.application",
    "workers.process",
    "workers.scheduler",
)


def main() -> None:
    """Serve until the end of stdin."""
    _import_everything()
    started: dict[int, int | None] = {}
    print(json.dumps({"ready": os.getpid()}), flush=True)  # noqa: T201  # the protocol
    for line in sys.stdin:
        request = json.loads(line)
        if "poll" in request:
            answer = {"code": _poll(started, request["poll"])}
        else:
            pid = _start(request)
            started[pid] = None
            answer = {"pid": pid}
        print(json.dumps(answer), flush=True)  # noqa: T201  # the protocol
    for pid, code in started.items():
        if code is None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _import_everything() -> None:
    """Whatever a command imports when it runs. Nothing of it may start a thread, a loop or a random number."""
    for name in _HEAVY:
        import_module(name)
    teach = import_module("tests.chaos.handlers").teach
    teach()
    gc.freeze()


def _poll(started: dict[int, int | None], pid: int) -> int | None:
    if started[pid] is None:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            started[pid] = os.waitstatus_to_exitcode(status)
    return started[pid]


def _start(request: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        _become(request)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001  # the log is where a process says why it ends
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _become(request: dict[str, Any]) -> None:
    from app.cli.main import main as pixecom  # noqa: PLC0415  # imported already

    os.setsid()
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for place, descriptor in enumerate((nothing, log, log)):
        os.dup2(descriptor, place)
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = ["pixecom", *request["start"]]
    pixecom()


if __name__ == "__main__":
    main()
