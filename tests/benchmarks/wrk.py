"""Load by `wrk` (https://github.com/wg/wrk), where it is installed: a client in C, scripted in Lua.

It drops what is under way when its time ends, so a measurement must be many times longer than a request, and it can't
compare the lengths of answers (their contents were compared before the first round). Statuses are checked.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from app.embedded.passwords import write_private
from app.embedded.ports import LOOPBACK
from tests.benchmarks.measurement import Measurement

if TYPE_CHECKING:
    from tests.benchmarks.contenders import HttpRequest

SLOWEST_SECONDS = 60
_SCRIPT = """
local turns, turn = {%s}, 0
function request()
  turn = turn %% #turns + 1
  return turns[turn]
end
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\\n{"requests": %%d, "microseconds": %%d, "p50": %%d, "p99": %%d, "errors": %%d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


class Wrk:
    """The client `wrk`, with one thread."""

    name = "wrk"

    def __init__(self, program: str) -> None:
        self._program = program

    def put_load(self, requests: list[HttpRequest], *, port: int, connections: int, seconds: float) -> Measurement:
        with tempfile.TemporaryDirectory() as directory:
            script = Path(directory) / "requests.lua"
            write_private(script, _SCRIPT % ", ".join(_lua_text(request.text()) for request in requests))
            before = _children_cpu()
            output = self._run(script, port=port, connections=connections, seconds=seconds)
            used = _children_cpu() - before
        result = orjson.loads(output.splitlines()[-1])
        if result["errors"] or not result["requests"]:
            raise RuntimeError(
                f"wrk had {result['errors']} failures in {result['requests']} requests; "
                "where a request takes longer than a measurement, pass more --seconds"
            )
        return Measurement(
            requests=result["requests"],
            seconds=result["microseconds"] / 1e6,
            p50_ms=result["p50"] / 1000,
            p99_ms=result["p99"] / 1000,
            server_cpu_ms=0.0,
            client_cpu_ms=used * 1000 / result["requests"],
        )

    def _run(self, script: Path, *, port: int, connections: int, seconds: float) -> bytes:
        options = ["-t", "1", "-c", str(connections), "-d", f"{max(1, round(seconds))}s"]
        options += ["--timeout", f"{SLOWEST_SECONDS}s", "-s", str(script)]
        done = subprocess.run(
            [self._program, *options, f"http://{LOOPBACK}:{port}/"],
            stdout=subprocess.PIPE,
            timeout=seconds + 2 * SLOWEST_SECONDS,
            check=True,
        )
        return done.stdout


def find_wrk() -> Wrk | None:
    """It, if it is installed."""
    program = shutil.which("wrk")
    return Wrk(program) if program else None


def _lua_text(text: str) -> str:
    """A Lua literal of ASCII text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "\\r").replace("\n", "\\n")
    return f'"{escaped}"'


def _children_cpu() -> float:
    """CPU seconds of the processes that were started from here and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
