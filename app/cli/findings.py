"""What `doctor` looks at. Each check ends in a finding, never in an exception."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alembic.runtime.migration import MigrationContext
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.cli.command_services import open_command_services
from app.cli.demo_logins import examine_demo_logins
from app.cli.durability import examine_durability
from app.cli.reachability import require_database, require_redis
from app.cli.status_advice import summarize
from app.cli.token_keys import examine_token_keys
from app.database.migration import head_revision
from app.database.roles import check_role
from app.errors import SetupError
from app.observability.disk_space import measure_disk
from app.services.database_clock import OK
from app.services.fleet_status import read_fleet_status
from app.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from pydantic import SecretStr
    from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True)
class Finding:
    """`detail` says what is wrong and what to do, or what was found. `warns`: no fault of the installation."""

    check: str
    ok: bool
    detail: str
    warns: bool = False

    @property
    def mark(self) -> str:
        if not self.ok:
            return "[red]✗[/red]"
        return "[yellow]![/yellow]" if self.warns else "[green]✓[/green]"


async def examine() -> list[Finding]:
    """All checks; without settings there is only the one, and only a right installation is asked how its work fares."""
    try:
        settings = load_settings()
    except SetupError as error:
        return [Finding("settings", ok=False, detail=str(error))]
    findings = [
        Finding("settings", ok=True, detail=f"complete, for {settings.environment}"),
        await _find("database", _examine_role("DATABASE_URL", settings.database_url)),
        await _find("system database", _examine_role("SYSTEM_DATABASE_URL", settings.system_database_url)),
        await _find("durability", examine_durability(settings.database_url)),
        await _find("migrations", _examine_schema(settings)),
        await _find("redis", _examine_redis(settings)),
        *_examine_disk(settings),
    ]
    if all(finding.ok for finding in findings):
        findings.append(await _find("token keys", examine_token_keys(settings)))
        findings.append(await _find("demo logins", examine_demo_logins(settings)))
    if all(finding.ok for finding in findings):
        findings.append(await _find("clock", _examine_clock(settings)))
        findings.append(await _examine_fleet(settings))
    return findings


def print_findings(findings: list[Finding]) -> None:
    """A table for people."""
    table = Table("", "check", "finding", box=None)
    for finding in findings:
        table.add_row(finding.mark, finding.check, escape(finding.detail))
    Console().print(table)


async def _find(check: str, work: Awaitable[str]) -> Finding:
    try:
        return Finding(check, ok=True, detail=await work)
    except SetupError as error:
        return Finding(check, ok=False, detail=str(error))


async def _examine_role(setting: str, url: SecretStr) -> str:
    await require_database(setting, url.get_secret_value())
    engine = create_async_engine(url.get_secret_value(), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await check_role(connection, setting=setting)
    finally:
        await engine.dispose()
    return f"reached as {engine.url.username}, held back by row-level security"


async def _examine_schema(settings: Settings) -> str:
    url = settings.migration_database_url
    if url is None:
        raise SetupError("Set MIGRATION_DATABASE_URL to see whether the schema is the newest.")
    await require_database("MIGRATION_DATABASE_URL", url.get_secret_value())
    engine = create_async_engine(url.get_secret_value(), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            current = await _current_revision(connection)
    except SQLAlchemyError as error:
        raise SetupError(f"The revision of the schema can't be read: {error}") from None
    finally:
        await engine.dispose()
    head = head_revision()
    if current != head:
        raise SetupError(f"The schema is at {current or 'nothing'}, the code at {head}: run `pixecom migrate`.")
    return f"at {head}, the newest"


async def _current_revision(connection: AsyncConnection) -> str | None:
    return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


async def _examine_clock(settings: Settings) -> str:
    async with open_command_services(settings) as services:
        trouble = await services.clock.check()
    if trouble != OK:
        raise SetupError(
            f"{trouble[0].upper()}{trouble[1:]}. Until they agree, no process on this machine does any work."
        )
    return "this machine's clock agrees with the database's"


async def _examine_fleet(settings: Settings) -> Finding:
    """Trouble of sellers is none of the installation; it is only pointed to."""
    async with open_command_services(settings) as services:
        status = await read_fleet_status(services, seller_slug=None)
    if status.is_well:
        return Finding("fleet", ok=True, detail="nothing needs anybody")
    return Finding("fleet", ok=True, warns=True, detail=f"{summarize(status)}: see `pixecom status`")


def _examine_disk(settings: Settings) -> list[Finding]:
    """Empty if DATA_DIRECTORY is not set."""
    directory = settings.data_directory
    if directory is None:
        return []
    try:
        space = measure_disk(directory)
    except OSError as error:
        return [Finding("disk", ok=False, detail=f"DATA_DIRECTORY {directory} can't be checked: {error.strerror}.")]
    if not space.is_low:
        return [Finding("disk", ok=True, detail=str(space))]
    what = "is full" if space.is_full else "is nearly full"
    return [Finding("disk", ok=False, detail=f"The disk of {directory} {what} ({space}): free some space there.")]


async def _examine_redis(settings: Settings) -> str:
    await require_redis(settings.redis_url.get_secret_value())
    return "reached"
