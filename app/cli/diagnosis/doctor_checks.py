"""The checks of `doctor`, in their order, and what each needs. Each returns what it found, or raises what is wrong."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from app.cli.diagnosis.demo_logins import examine_demo_logins
from app.cli.diagnosis.durability import examine_durability
from app.cli.failures.reachability import require_database, require_redis
from app.cli.printing.pasting import pasted, pasted_anywhere
from app.cli.reports.status_advice import describe_outdated, describe_upgrade, summarize
from app.cli.reports.token_keys import examine_token_keys
from app.database.engine import open_engine
from app.database.migration import head_revision
from app.database.revision import check_revision
from app.database.roles import check_role
from app.database.transactions import driver_of, work_transaction
from app.errors import SetupError
from app.observability.disk_space import measure_disk
from app.providers.meta.calls.version_upgrade import upgrade_sentence
from app.providers.proxies import doubt_exceptions, proxy_of, require_usable_proxy
from app.queries.jobs.failing_work import list_outdated
from app.queries.warnings.version_upgrades import find_version_upgrade
from app.services.conditions.condition import OK
from app.services.context import open_services
from app.services.fleet_status import read_fleet_status

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from pydantic import SecretStr

    from app.configuration.settings import InspectionSettings


class Warned(str):
    """What was found and is worth a look, but no fault of the installation."""

    __slots__ = ()


class Check(NamedTuple):
    """`needs` names earlier checks: if the server of one of them is away, this one is not tried.

    If one of them, or of `blames`, found something else wrong, this one is tried, and a failure is put down to it.
    """

    name: str
    examine: Callable[[InspectionSettings], Awaitable[str]]
    needs: Sequence[str] = ()
    blames: Sequence[str] = ()


DISK = "disk"
"""The first: with no space left, servers that are right can't be reached."""
_DATABASE = ("database", "system database")
_SCHEMA = ("migrations",)


def list_checks(settings: InspectionSettings) -> list[Check]:
    """In the order of their findings; the disk is checked only if DATA_DIRECTORY says which, a proxy if one is set."""
    return [
        *([Check(DISK, partial(_examine_disk, directory))] if (directory := settings.data_directory) else []),
        Check("database", _examine_database),
        Check("system database", _examine_system_database),
        Check("durability", _examine_durability, ("database",)),
        Check("migrations", _examine_schema, () if settings.migration_database_url else ("database",)),
        Check("redis", _examine_redis),
        *([Check("proxy", _examine_proxy)] if proxy_of(settings.meta_graph_url) or doubt_exceptions() else []),
        Check("token keys", _examine_token_keys, _DATABASE, _SCHEMA),
        Check("demo logins", examine_demo_logins, _DATABASE, _SCHEMA),
        Check("clock", _examine_clock, _DATABASE, _SCHEMA),
        Check("meta", _examine_meta, _DATABASE, _SCHEMA),
        Check("fleet", _examine_fleet, _DATABASE, _SCHEMA),
    ]


async def _examine_database(settings: InspectionSettings) -> str:
    return await _examine_role("DATABASE_URL", settings.database_url)


async def _examine_system_database(settings: InspectionSettings) -> str:
    return await _examine_role("SYSTEM_DATABASE_URL", settings.system_database_url)


async def _examine_durability(settings: InspectionSettings) -> str:
    return await examine_durability(settings.database_url)


async def _examine_role(setting: str, url: SecretStr) -> str:
    await require_database(setting, url.get_secret_value())
    engine = open_engine(url, pool_size=1, application="pixecom-cli")
    try:
        async with engine.connect() as connection:
            role = await check_role(connection, setting=setting)
            way = " through a pooler" if (await driver_of(connection)).transaction_settings else ""
    finally:
        await engine.dispose()
    return f"reached as {role}{way}, held back by row-level security"


async def _examine_schema(settings: InspectionSettings) -> str:
    """As the owner; on a host without its URL, which only a migration needs, as the app role."""
    owner_url = settings.migration_database_url
    if owner_url is not None:
        await require_database("MIGRATION_DATABASE_URL", owner_url.get_secret_value())
    engine = open_engine(owner_url or settings.database_url, pool_size=1, application="pixecom-cli")
    try:
        trouble = await check_revision(engine)
    finally:
        await engine.dispose()
    if trouble != OK:
        raise SetupError(f"{trouble[0].upper()}{trouble[1:]}.")
    migrate = pasted_anywhere("migrate")
    unset = "" if owner_url else f"; MIGRATION_DATABASE_URL, which only `{migrate}` needs, is not set here"
    return f"at {head_revision()} or later{unset}"


async def _examine_redis(settings: InspectionSettings) -> str:
    await require_redis(settings.redis_url.get_secret_value())
    return "reached, accepts writes"


async def _examine_proxy(settings: InspectionSettings) -> str:
    proxy = require_usable_proxy(settings.meta_graph_url)
    found = f"Meta is reached through {proxy}" if proxy else "Meta is reached without one"
    doubt = doubt_exceptions()
    return Warned(f"{found}; {doubt}") if doubt else found


async def _examine_token_keys(settings: InspectionSettings) -> str:
    if "TOKEN_ENCRYPTION_KEYS" in settings.made_up:
        return Warned("not checked: TOKEN_ENCRYPTION_KEYS is not set here")
    return await examine_token_keys(settings)


async def _examine_disk(directory: Path, _settings: InspectionSettings) -> str:
    try:
        space = measure_disk(directory)
    except OSError as error:
        raise SetupError(f"DATA_DIRECTORY {directory} can't be checked: {error.strerror}.") from None
    if space.is_low:
        what = "is full" if space.is_full else "is nearly full"
        raise SetupError(f"The disk of {directory} {what} ({space}): free some space there.")
    return str(space)


async def _examine_clock(settings: InspectionSettings) -> str:
    async with open_services(settings, process="cli") as services:
        await services.clock.measure()
        trouble = await services.clock.check()
    if trouble != OK:
        raise SetupError(
            f"{trouble[0].upper()}{trouble[1:]}. Until they agree, no process on this machine does any work."
        )
    return "this machine's clock agrees with the database's"


async def _examine_meta(settings: InspectionSettings) -> str:
    """By what the platform has told to syncs; nothing is asked of it."""
    async with open_services(settings, process="cli") as services, work_transaction(services.database.app) as driver:
        outdated = await list_outdated(driver, limit=1)
        upgrade = await find_version_upgrade(driver, begins=upgrade_sentence(settings.meta_api_version))
    if outdated:
        raise SetupError(f"{describe_outdated(outdated)} The answer was: {outdated[0].reason}")
    if upgrade is not None:
        return Warned(describe_upgrade(upgrade))
    return (
        f"asked for {settings.meta_api_version}; nothing that is asked for has been dropped, as far as syncs have found"
    )


async def _examine_fleet(settings: InspectionSettings) -> str:
    """Judged as `status` does. Trouble of the work is no fault of the installation, so it is only a warning."""
    async with open_services(settings, process="cli") as services:
        await services.clock.measure()
        status = await read_fleet_status(services, seller_slug=None)
    return "no action is needed" if status.is_well else Warned(f"{summarize(status)}: see `{pasted('status')}`")
