"""An embedded PostgreSQL: made at its first start, reached over TCP on 127.0.0.1 with passwords (scram-sha-256)."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from app.embedded.child import Child, ChildSpec, start_child
from app.embedded.identity import PostgresIdentity, choose_identity, discard_forgotten_copy, give_to, remember_copy
from app.embedded.passwords import write_private
from app.embedded.ports import LOOPBACK, find_free_port
from app.embedded.roles import SUPERUSER, ensure_database, ensure_roles
from app.embedded.session import (
    FAILED,
    NOT_YET,
    ServerRefusedError,
    Session,
    WrongPasswordError,
    open_session,
)
from app.errors import ServerFailedError, SetupError

if TYPE_CHECKING:
    from app.embedded.data_directory import DataDirectory
    from app.embedded.passwords import GeneratedSecrets

DIRECTORY_NAME = "postgres-18"
INITDB_SECONDS = 120
START_SECONDS = 60
STOP_SECONDS = 20
START_ATTEMPTS = 3

_COMMON = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "wal_buffers": "16MB",  # a day of thousands of ads fits; otherwise the statement that writes it waits for the disk
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
    "max_wal_size": "2GB",
    # A line for each failure, without its statement and without values of rows: a statement may hold a password (those
    # that set roles up do), a row an address, and statements that run out of time should not write much.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


class Durability(Enum):
    """DURABLE keeps every committed transaction; THROWAWAY is for data that may be lost in a power failure."""

    DURABLE = "durable"
    THROWAWAY = "throwaway"

    @property
    def server_settings(self) -> dict[str, str]:
        if self is Durability.DURABLE:
            return {}
        off = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")
        return {**dict.fromkeys(off, "off"), "wal_level": "minimal", "max_wal_senders": "0"}


@dataclass(frozen=True)
class PostgresServer:
    """A running server. The roles and the database `pixecom` are there."""

    child: Child
    port: int
    identity: PostgresIdentity

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, everything is on disk afterwards."""
        self.child.stop(grace=STOP_SECONDS)
        self.identity.discard()


def start_postgres(
    directory: DataDirectory,
    secrets: GeneratedSecrets,
    *,
    durability: Durability = Durability.DURABLE,
    again_on: int | None = None,
) -> PostgresServer:
    """Start it, and create its cluster, the roles and the database first if they are missing.

    `again_on` is the port of a server of this run that died; the new one listens on the same port.
    Raises ServerFailedError with the end of the server's log if it doesn't come up.
    """
    discard_forgotten_copy(directory.path)
    identity = choose_identity()
    remember_copy(directory.path, identity)
    cluster = directory.path / DIRECTORY_NAME
    try:
        if not cluster.exists():
            _make_cluster(directory, identity, secrets.superuser_password, durability)
        give_to(cluster, identity.owner)
        if again_on is None:
            # We hold the lock that every process of a server keeps, so the server that left this file is dead, even if
            # another process has its id now. (Within a run, sessions of a dead server may outlive it for a moment;
            # then PostgreSQL's own check protects the data.)
            (cluster / "postmaster.pid").unlink(missing_ok=True)
        return _start_on_a_port(directory, identity, secrets, durability, again_on)
    except BaseException:
        identity.discard()
        raise


def _make_cluster(directory: DataDirectory, identity: PostgresIdentity, password: str, durability: Durability) -> None:
    """Run initdb beside the final place, so that a half-made cluster is never taken for one."""
    draft = directory.path / f"{DIRECTORY_NAME}.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    password_file = (identity.temporary or directory.path) / "initdb-password"
    write_private(password_file, password)
    if os.geteuid() == 0:
        os.chown(draft, identity.owner, -1)
        os.chown(password_file, identity.owner, -1)
    command = [str(identity.binaries / "initdb"), "-D", identity.directory_argument(draft), "-U", SUPERUSER]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8"]
    command += ["--auth=scram-sha-256", f"--pwfile={password_file}", "--no-instructions"]
    command += ["--no-sync"] if durability is Durability.THROWAWAY else []
    initdb = start_child(
        ChildSpec(
            name="initdb",
            command=tuple(command),
            log_path=directory.logs / "initdb.log",
            environment=_environment(),
            directory=draft,
            identity=identity.launch_as,
        )
    )
    try:
        if initdb.wait(INITDB_SECONDS) != 0:
            raise ServerFailedError(_with_log("PostgreSQL's data could not be made", initdb))
    finally:
        initdb.stop(grace=0)
        password_file.unlink()
    draft.rename(directory.path / DIRECTORY_NAME)


def _start_on_a_port(
    directory: DataDirectory,
    identity: PostgresIdentity,
    secrets: GeneratedSecrets,
    durability: Durability,
    wanted: int | None,
) -> PostgresServer:
    """Another program may take a free port before the server does: then on another one."""
    attempts = START_ATTEMPTS
    while True:
        attempts -= 1
        port = wanted or find_free_port()
        child = start_child(_server_spec(directory, identity, port, durability))
        try:
            asyncio.run(_prepare_when_ready(child, port, secrets))
        except ServerFailedError:
            child.stop(grace=STOP_SECONDS)
            if attempts == 0 or not any("could not bind" in line for line in child.last_log_lines()):
                raise
        except BaseException:
            child.stop(grace=STOP_SECONDS)
            raise
        else:
            return PostgresServer(child, port, identity)


def _server_spec(directory: DataDirectory, identity: PostgresIdentity, port: int, durability: Durability) -> ChildSpec:
    cluster = directory.path / DIRECTORY_NAME
    command = [str(identity.binaries / "postgres"), "-D", identity.directory_argument(cluster)]
    for name, value in {**_COMMON, **durability.server_settings, "port": str(port)}.items():
        command += ["-c", f"{name}={value}"]
    return ChildSpec(
        name="postgres",
        command=tuple(command),
        log_path=directory.logs / "postgres.log",
        environment=_environment(),
        directory=cluster,
        death_signal=signal.SIGQUIT,  # immediate shutdown: ends its backends too and leaves no shared memory behind
        stop_signal=signal.SIGINT,
        identity=identity.launch_as,
        kept_descriptors=(directory.lock_descriptor,),
    )


async def _prepare_when_ready(child: Child, port: int, secrets: GeneratedSecrets) -> None:
    connection = await _connect_when_ready(child, port, secrets.superuser_password)
    try:
        await ensure_roles(connection, secrets)
        await ensure_database(connection)
        await connection.close()
    except FAILED as error:  # its disk is full, or it is just shutting down
        raise ServerFailedError(_with_log(f"PostgreSQL could not be set up ({error})", child)) from None
    finally:
        connection.terminate()


async def _connect_when_ready(child: Child, port: int, password: str) -> Session:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return await open_session(port=port, role=SUPERUSER, password=password, database="postgres")
        except NOT_YET:
            if child.exit_code is not None or time.monotonic() > deadline:
                raise ServerFailedError(_with_log("PostgreSQL did not start", child)) from None
            await asyncio.sleep(0.02)
        except WrongPasswordError:
            raise SetupError(
                f"The data directory's {DIRECTORY_NAME} does not know the password in its secrets.json; "
                "restore that file, or start anew with --reset."
            ) from None
        except ServerRefusedError as error:  # the disk is full, for example
            raise ServerFailedError(_with_log(f"PostgreSQL refuses connections ({error})", child)) from None


def _with_log(sentence: str, child: Child) -> str:
    return "\n  ".join([f"{sentence}; {child.spec.log_path} ends with:", *child.last_log_lines()])


def _environment() -> dict[str, str]:
    """Nothing of ours: no secret, no locale, no PG* variable reaches the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC", "HOME": "/nonexistent"}
