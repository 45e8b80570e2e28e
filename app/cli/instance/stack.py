"""The processes of a development instance: what each is, in which order they start and end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from app.cli.instance.readiness import answers_ok, wait_until
from app.cli.instance.supervision import Managed, Supervisor, describe_exit
from app.cli.joining.instance import Instance, database_place, forget_instance, write_instance
from app.cli.joining.instance_settings import list_given_secrets, settings_to_note
from app.cli.joining.port_user import port_in_use
from app.cli.printing.environment import development_environment, given, uses_own_postgres, uses_own_valkey
from app.cli.printing.log_lines import readable_lines
from app.cli.printing.places import CHECKOUT
from app.embedded.child import Child, ChildSpec, start_child
from app.embedded.passwords import GeneratedSecrets, ensure_secrets, write_private
from app.embedded.ports import LOOPBACK, find_free_port, is_answering, is_free
from app.embedded.postgres import STOP_SECONDS as POSTGRES_GRACE
from app.embedded.postgres import PostgresServer, start_postgres
from app.embedded.valkey import STOP_SECONDS as VALKEY_GRACE
from app.embedded.valkey import start_valkey
from app.errors import ServerFailedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from app.cli.instance.disk_watch import RoomWatch
    from app.cli.instance.supervision import Reporter
    from app.embedded.data_directory import DataDirectory

STOP_ORDER = ("scheduler", "api", "worker", "sandbox", "valkey", "postgres")
PROCESS_GRACE = 15.0
WORKER_GRACE = 40.0
"""The worker's own grace (WORKER_GRACE_SECONDS, 30 by default) and a little more."""
ONE_OFF_SECONDS = 300


@dataclass(frozen=True)
class Ports:
    """Where our own processes listen, on 127.0.0.1."""

    api: int
    metrics: int
    sandbox: int
    worker_health: int
    scheduler_health: int

    @classmethod
    def choose(cls, api: int) -> Ports:
        """Free ones, but for what the caller's environment sets."""
        return cls(
            api=api,
            metrics=_port_of("METRICS_PORT"),
            sandbox=find_free_port(),
            worker_health=_port_of("WORKER_HEALTH_PORT"),
            scheduler_health=_port_of("SCHEDULER_HEALTH_PORT"),
        )


def _port_of(setting: str) -> int:
    return int(given(setting) or find_free_port())


class Stack:
    """Starts the processes (the order is the caller's), and ends whatever runs.

    `spawn_…` starts processes side by side and returns at once; `wait_for_…` returns when one of them responds.
    """

    def __init__(self, directory: DataDirectory, ports: Ports, reporter: Reporter, room: RoomWatch) -> None:
        self._directory = directory
        self._reporter = reporter
        self._room = room
        self._supervisor = Supervisor(reporter, is_hopeless=room.is_full)
        self._is_announced = self._is_silent = False
        self._spawned: dict[str, Managed] = {}
        self._postgres: PostgresServer | None = None
        self._valkey_port: int | None = None
        self._secrets: GeneratedSecrets = ensure_secrets(directory.path)
        self.ports = ports

    def start_postgres(self) -> str:
        """Our own, or the caller's; says which."""
        if not uses_own_postgres():
            return "as DATABASE_URL says"
        server = start_postgres(self._directory, self._secrets)
        self._postgres = server
        restart = partial(self._restart_postgres, server.port)
        self._supervisor.add(Managed("postgres", server.child, restart, POSTGRES_GRACE))
        return f"embedded, port {server.port}"

    def _restart_postgres(self, port: int) -> Child:
        self._postgres = start_postgres(self._directory, self._secrets, again_on=port)
        return self._postgres.child

    def start_valkey(self) -> str:
        """Our own, or the caller's; says which."""
        if not uses_own_valkey():
            return "as REDIS_URL says"
        server = start_valkey(self._directory, self._secrets.valkey_password)
        self._valkey_port = server.port
        self._supervisor.add(Managed("valkey", server.child, self._restart_valkey, VALKEY_GRACE))
        return f"embedded, port {server.port}"

    def _restart_valkey(self) -> Child:
        return start_valkey(self._directory, self._secrets.valkey_password, again_on=self._valkey_port).child

    def run_once(self, name: str, *arguments: str) -> None:
        """Run a command of ours to its end; raises ServerFailedError with its last lines if it fails."""
        child = self._start(name, *arguments)
        try:
            code = child.wait(ONE_OFF_SECONDS)
        except subprocess.TimeoutExpired:
            raise ServerFailedError(
                f"{name} took longer than {ONE_OFF_SECONDS} seconds; see {child.spec.log_path}."
            ) from None
        finally:
            child.stop(grace=PROCESS_GRACE)
        if code != 0:
            lines = "\n  ".join(readable_lines(child.last_log_lines()))
            raise ServerFailedError(
                f"{name} failed ({describe_exit(code)}); {child.spec.log_path} ends with:\n  {lines}"
            )

    def spawn_servers(self, csv: Path | None) -> None:
        """The sandbox and the api: they load their code while the schema is made, which the api is ready after.

        The sandbox keeps its anchor day and its changes in the data directory.
        """
        arguments = ["--port", str(self.ports.sandbox), "--today", self._anchor_day()]
        arguments += ["--state", str(self._directory.path / "sandbox-state.json")]
        arguments += ["--data", str(csv)] if csv else []
        self._spawn("api", self._api_answers, "--port", str(self.ports.api))
        self._spawn("sandbox", answers_ok(self.ports.sandbox, "/sandbox"), *arguments)

    def spawn_workers(self) -> None:
        """The worker and the scheduler, which do nothing before the schema is there, and say so in their logs."""
        self._spawn("worker", answers_ok(self.ports.worker_health, "/livez"), grace=WORKER_GRACE)
        self._spawn("scheduler", answers_ok(self.ports.scheduler_health, "/readyz"))

    def _anchor_day(self) -> str:
        """The first day of this data: with another one at a later start, the same history would be told twice."""
        from app.clock import today_in
        from app.providers.sandbox.world.worlds import CSV_TIME_ZONE

        note = self._directory.path / "sandbox-day"
        if not note.exists():
            write_private(note, today_in(CSV_TIME_ZONE).isoformat())
        return note.read_text().strip()

    def wait_for_sandbox(self) -> str:
        self._wait_for("sandbox")
        return f"port {self.ports.sandbox}"

    def _api_answers(self) -> bool:
        """The metrics port tells ours from another that has taken the port meanwhile: it is opened by ours alone."""
        return is_answering(self.ports.metrics) and answers_ok(self.ports.api, "/readyz")()

    def wait_for_api(self) -> str:
        """Raises SetupError if another program, such as an `up` at the same time, was quicker to take its port."""
        try:
            self._wait_for("api")
        except ServerFailedError:
            if self._spawned["api"].child.exit_code is None or is_free(self.ports.api):
                raise
            raise port_in_use(self.ports.api, self.directory) from None
        return f"port {self.ports.api}, metrics on port {self.ports.metrics}"

    def wait_for_worker(self) -> str:
        self._wait_for("worker")
        return f"health on port {self.ports.worker_health}"

    def wait_for_scheduler(self) -> str:
        self._wait_for("scheduler")
        return f"health on port {self.ports.scheduler_health}"

    @property
    def directory(self) -> Path:
        """The data directory."""
        return self._directory.path

    @property
    def lacks_room(self) -> bool:
        """Whether the disk is too full for the servers to run."""
        return self._room.is_full()

    @property
    def has_history(self) -> bool:
        """The demo's history was written by an earlier run."""
        return (self._directory.path / "history-done").exists()

    def note_history(self) -> None:
        (self._directory.path / "history-done").touch()

    def tend(self) -> None:
        """One look at all processes; see Supervisor."""
        if self._room.is_back():
            self._supervisor.hurry()
        self._is_announced = not self._supervisor.tend() and self._is_announced
        if not self._is_announced:
            self.announce()

    def announce(self) -> None:
        """Let the other commands find this instance; if the file can't be written, the next check tries again.

        They need its servers and their schema. What is not running yet they report as such.
        """
        try:
            write_instance(self._directory.path, self._instance())
        except OSError as error:
            if not (self._is_silent or self._room.is_full()):
                self._reporter.warn(f"Other commands can't find the restarted processes ({error.strerror}); retrying.")
            self._is_silent = True
        else:
            self._is_announced, self._is_silent = True, False

    def _instance(self) -> Instance:
        base = f"http://{LOOPBACK}:{self.ports.api}"
        return Instance(
            pid=os.getpid(),
            api_port=self.ports.api,
            metrics_port=self.ports.metrics,
            sandbox_port=self.ports.sandbox,
            worker_health_port=self.ports.worker_health,
            scheduler_health_port=self.ports.scheduler_health,
            postgres_port=self._postgres.port if self._postgres else None,
            valkey_port=self._valkey_port,
            api_url=base,
            graphql_url=f"{base}/graphql",
            processes=self._supervisor.process_ids,
            settings=settings_to_note(self.environment()),
            given_secrets=list(list_given_secrets()),
            database=database_place(self.environment()["DATABASE_URL"]),
        )

    def stop(self) -> None:
        """End everything in order."""
        forget_instance(self._directory.path)
        self._supervisor.stop(STOP_ORDER)
        if self._postgres is not None:
            self._postgres.identity.discard()

    def _spawn(self, name: str, is_ready: Callable[[], bool], *arguments: str, grace: float = PROCESS_GRACE) -> None:
        def start() -> Child:
            return self._start(name, *arguments)

        self._spawned[name] = Managed(name, start(), start, grace, is_ready)
        self._supervisor.add(self._spawned[name])

    def _wait_for(self, name: str) -> None:
        managed = self._spawned[name]
        wait_until(managed.is_ready, managed.child)
        self.announce()

    def _start(self, name: str, *arguments: str) -> Child:
        spec = ChildSpec(
            name=name,
            command=(sys.executable, "-m", "app.cli.main", name, *arguments),
            log_path=self._directory.logs / f"{name}.log",
            environment=self.environment(),
            directory=CHECKOUT,
            stop_signal=signal.SIGTERM,
        )
        return start_child(spec)

    def environment(self) -> dict[str, str]:
        """What every process of this instance gets."""
        return development_environment(
            self._secrets,
            metrics_port=self.ports.metrics,
            data_directory=self.directory,
            sandbox_port=self.ports.sandbox,
            worker_health_port=self.ports.worker_health,
            scheduler_health_port=self.ports.scheduler_health,
            postgres_port=self._postgres.port if self._postgres else None,
            valkey_port=self._valkey_port,
        )
