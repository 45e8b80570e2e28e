"""Debian's PgBouncer before a test's database: transaction mode, SCRAM, and fewer sessions than clients."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from app.cli.instance.readiness import wait_until
from app.embedded.child import ChildSpec, start_child
from app.embedded.identity import choose_identity
from app.embedded.ports import find_free_port, is_answering

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from app.configuration.settings import Settings

SESSIONS = 3
BINARY = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")

needs_pgbouncer = pytest.mark.skipif(
    BINARY is None, reason="PgBouncer is not installed (Debian: apt install pgbouncer)"
)

_CONFIGURATION = """
[databases]
{databases}
* = host=127.0.0.1 port={postgres_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = {pool_mode}
default_pool_size = {sessions}
max_client_conn = {clients}
{further}
"""


@contextmanager
def pgbouncer(
    folder: Path,
    settings: Settings,
    *,
    further: str = "",
    clients: int = 200,
    postgres_port: int | None = None,
    databases: Mapping[str, str] | None = None,
    pool_mode: str = "transaction",
) -> Generator[Settings]:
    """The settings with all database URLs through a PgBouncer; `further` are lines of its configuration.

    `postgres_port`: where it looks for the server, if not where that is. `databases`: more names that it serves, and
    how it connects for each.
    """
    urls = [settings.database_url, settings.system_database_url, settings.migration_database_url]
    known = [make_url(url.get_secret_value()) for url in urls if url]
    users = folder / "users"
    users.write_text("".join(f'"{url.username}" "{url.password}"\n' for url in known))
    port = find_free_port()
    configuration = folder / "pgbouncer.ini"
    configuration.write_text(
        _CONFIGURATION.format(
            databases="\n".join(f"{name} = {target}" for name, target in (databases or {}).items()),
            postgres_port=postgres_port or known[0].port,
            port=port,
            pool_mode=pool_mode,
            users=users,
            sessions=SESSIONS,
            clients=clients,
            further=further,
        )
    )
    child = start_child(
        ChildSpec(
            name="pgbouncer",
            command=(str(BINARY), str(configuration)),
            log_path=folder / "pgbouncer.log",
            environment={},
            directory=folder,
            identity=choose_identity().launch_as,
        )
    )
    names = ("database_url", "system_database_url", "migration_database_url")
    try:
        wait_until(partial(is_answering, port), child)
        yield settings.model_copy(update={name: _through(port, getattr(settings, name)) for name in names})
    finally:
        child.stop(grace=5)


def _through(port: int, url: SecretStr) -> SecretStr:
    return SecretStr(make_url(url.get_secret_value()).set(port=port).render_as_string(hide_password=False))
