"""A worker that is told to stop with its hands full, on every Python that we support and that is at hand."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.services.jobs.queue import send_now
from app.vocabulary import Priority
from tests.chaos.processes import ROOT, until
from tests.chaos.work import a_job, ask_for, check_all_is_well, has_ended, jobs_of, report, tell
from tests.services.ticking import forget_work

if TYPE_CHECKING:
    from app.services.context import Services
    from tests.chaos.processes import Process, Processes

pytestmark = pytest.mark.chaos

GRACE_SECONDS = 10.0
NAP_SECONDS = 1.5
OTHERS = ("3.14", "3.13", "3.12")
THIS = f"{sys.version_info.major}.{sys.version_info.minor}"


def find_uv() -> str | None:
    own = ROOT / ".uv" / "venv" / "bin" / "uv"
    return shutil.which("uv") or (str(own) if own.exists() else None)


def find_python(version: str) -> str | None:
    """An interpreter of this version on this machine; none is fetched."""
    candidates = [shutil.which(f"python{version}"), *Path.home().glob(f".pyenv/versions/{version}.*/bin/python")]
    for each in candidates:
        if each is None:
            continue
        found = subprocess.run(
            [each, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        if found.returncode == 0 and found.stdout.strip() == version:
            return str(each)
    return None


def environment_of(version: str) -> str:
    """The interpreter of an environment with the locked dependencies and that Python; skips where there can be none."""
    uv, python = find_uv(), find_python(version)
    if python is None:
        pytest.skip(f"no Python {version} on this machine")
    if uv is None:
        pytest.skip(f"no uv to make an environment of Python {version}")
    place = ROOT / ".uv" / f"python-{version}"
    variables = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(place), "UV_FROZEN": "1"}
    command = [uv, "sync", "--quiet", "--no-dev", "--no-install-project", "--python", python]
    made = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        pytest.skip(f"no environment of Python {version}: {made.stderr.strip()[-300:]}")
    return str(place / "bin" / "python")


@pytest.mark.parametrize("version", [THIS, *[pytest.param(other, marks=pytest.mark.slow) for other in OTHERS]])
async def test_five_jobs_end_and_twenty_wait_when_a_worker_is_told_to_stop(
    services: Services, processes: Processes, version: str
) -> None:
    python = sys.executable if version == THIS else environment_of(version)
    await forget_work(services)
    worker = processes.start_with(python, "worker", module="tests.chaos.taught", worker_grace_seconds=GRACE_SECONDS)
    await until(worker.is_ready)
    naps = [a_job(f"nap-{place}", seconds=NAP_SECONDS, priority=Priority.MANUAL) for place in range(25)]
    run = await ask_for(services, *naps)
    await send_now(services, [job.job_id for job in run.jobs])

    async def five_run() -> bool:
        return [job["state"] for job in await jobs_of(services, run.run_id)].count("RUNNING") == 5

    await until(five_run)
    seconds = await worker.end(within=GRACE_SECONDS)
    states = [(job["state"], job["attempt"]) for job in await jobs_of(services, run.run_id)]
    assert (states.count(("SUCCEEDED", 1)), states.count(("QUEUED", 0))) == (5, 20)
    await tell(services, "UPDATE jobs SET unit = '{\"seconds\": 0}' WHERE state = 'QUEUED'")
    processes.start("scheduler")
    later = processes.start("worker")
    await until(lambda: has_ended(services, run.run_id))
    assert {(job["state"], job["attempt"]) for job in await jobs_of(services, run.run_id)} == {("SUCCEEDED", 1)}
    idle = await end_idle(later)
    report("told to stop", python=version, busy_seconds=seconds, idle_seconds=idle)
    await check_all_is_well(services)


async def end_idle(worker: Process) -> float:
    seconds = await worker.end(within=10)
    assert seconds < 5
    return seconds
