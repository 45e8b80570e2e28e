"""A year of one seller by day: streamed in a small memory, at its client's pace, from one snapshot, or broken off."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import socket
import subprocess
import sys
import termios
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import asyncpg
import httpx
import orjson
import pytest
from httpx import URL
from structlog.testing import capture_logs

from app.auth.access_tokens import issue_access_token
from app.embedded.ports import find_free_port
from app.errors import RateLimitedError
from app.http.exports import endpoint as export
from app.http.exports import formats as export_formats
from app.metrics.counters import Counters
from app.services.context import open_services
from app.services.limits import precedence
from app.services.limits.shares import export_of, export_turns
from app.serving import server
from graphql_schema.exports import columns_of
from tests.graphql_schema.golden_world import NOW
from tests.graphql_schema.small_world import SmallWorld
from tests.http.exported import Exports, exports_of, module_settings, served
from tests.http.request_lines import request_lines

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator

    from app.configuration.settings import Settings
    from app.embedded.throwaway import ThrowawayDatabase, ThrowawayServers
    from tests.graphql_schema.small_world import Entity, Tenant

ADS, DAYS = 300, 365
LAST = NOW.date()
YEAR = {"custom": {"from": str(LAST - timedelta(days=DAYS - 1)), "to": str(LAST)}}
SOME_DAYS = 90
SOME = {"custom": {"from": str(LAST - timedelta(days=SOME_DAYS - 1)), "to": str(LAST)}}
DAILY = {"range": YEAR, "granularity": "DAY"}
MUCH, MUCH_ROWS = {**DAILY, "filter": {"name": "Ad 1"}}, 110 * DAYS  # 16 MB: more than a connection's buffers hold
MEGABYTE = 1 << 20
LITTLE_ROWS = 2500  # a megabyte
MORE_ADS = """
INSERT INTO ads
SELECT (jsonb_populate_record(ad, jsonb_build_object('id', gen_random_uuid(), 'external_id', n, 'name', 'Ad ' || n))).*
FROM ads AS ad, generate_series(2, $2::int) AS n
WHERE ad.id = $1
"""
EVERY_DAY = f"""
INSERT INTO ad_stats_daily
       (seller_id, level, entity_id, account_id, fetched_at, stat_date, {", ".join(Counters._fields)})
SELECT seller_id, 3, id, account_id, created_at, day,
       12340000 + 10000 * extract(doy FROM day)::int, 1000, 50, 20, 10, 5, 2, 30030030
FROM ads, generate_series($1::date, $2::date, '1 day') AS day
"""
STATE = """
SELECT coalesce(string_agg(state, ',' ORDER BY state), '')
FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'pixecom-streams' AND state <> 'idle'
"""
END_CONNECTIONS = """
SELECT count(pg_terminate_backend(pid))
FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'pixecom-streams' AND state <> 'idle'
"""


@dataclass
class Year:
    """A seller with a number for each of its ads and days, and a look into its database."""

    tenant: Tenant
    first_ad: Entity
    settings: Settings
    superuser: Any
    locker: Any

    async def until_state(self, state: str, *, seconds: float = 10) -> None:
        """The states of the connections that do something."""

        async def reached() -> bool:
            return await self.superuser.fetchval(STATE) == state

        await _until(reached, seconds=seconds)


async def _until(reached: Callable[[], Awaitable[bool]], *, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not await reached():
            await asyncio.sleep(0.005)


@pytest.fixture(scope="module")
async def year(
    shared_database: ThrowawayDatabase, embedded_servers: ThrowawayServers, worker_id: str
) -> AsyncGenerator[Year]:
    settings = module_settings(shared_database, embedded_servers, worker_id)
    async with open_services(settings, process="streams") as services:
        world = SmallWorld(shared_database, services)
        tenant = await world.add_seller("year")
        campaign = await tenant.add_campaign(await tenant.add_account())
        ad = await tenant.add_ad(await tenant.add_adset(campaign))
        await world.write(MORE_ADS, ad.id, ADS)
        await world.write(EVERY_DAY, date.fromisoformat(YEAR["custom"]["from"]), LAST)
        await world.write("ANALYZE")
        url = shared_database.superuser_url.replace("+asyncpg", "")
        superuser, locker = await _connect(url), await _connect(url)
        yield Year(tenant, ad, settings, superuser, locker)
        await superuser.close()
        await locker.close()


async def _connect(url: str) -> Any:
    return cast("Any", await asyncpg.connect(url))


@pytest.fixture
async def exports(year: Year) -> AsyncGenerator[Exports]:
    async with served(year.tenant.world.services) as url:
        yield exports_of(year.tenant, url)


class ApiProcess:
    """`pixecom api` in a process of its own, whose memory can be looked at."""

    def __init__(self, year: Year) -> None:
        self.port = find_free_port()
        environment = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": year.settings.database_url.get_secret_value(),
            "SYSTEM_DATABASE_URL": year.settings.system_database_url.get_secret_value(),
            "REDIS_URL": year.settings.redis_url.get_secret_value(),
            "AUTH_SECRET": year.settings.auth_secret.get_secret_value(),
            "TOKEN_ENCRYPTION_KEYS": year.settings.token_encryption_keys.get_secret_value(),
            "METRICS_PORT": "0",
            "LOG_LEVEL": "ERROR",
        }
        command = [sys.executable, "-m", "app.cli.main", "api", "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=environment)

    async def is_ready(self) -> bool:
        assert self.process.poll() is None
        try:
            async with httpx.AsyncClient() as client:
                return (await client.get(f"http://127.0.0.1:{self.port}/readyz")).status_code == 200
        except httpx.TransportError:
            return False

    def memory(self, line: str) -> int:
        """Bytes: `VmRSS` now, or `VmHWM` the most since the peak was forgotten."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(text.split()[1]) * 1024 for text in status.splitlines() if text.startswith(f"{line}:"))

    def forget_peak(self) -> None:
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")


@pytest.fixture
def api(year: Year) -> Generator[ApiProcess]:
    process = ApiProcess(year)
    yield process
    process.process.terminate()
    assert process.process.wait(timeout=20) == 0


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells the peak of a process")
async def test_the_memory_does_not_grow_with_the_export(year: Year, api: ApiProcess) -> None:
    await _until(api.is_ready, seconds=30)
    token = issue_access_token(
        user_id=year.tenant.user_id, seller_id=year.tenant.seller_id, role="ANALYST", settings=year.settings
    )
    exports = Exports(f"http://127.0.0.1:{api.port}", {"Authorization": f"Bearer {token.text}"})
    assert (await _measured(exports, {**DAILY, "filter": {"name": "Ad 11"}})).rows == 11 * DAYS  # loads what is lazy

    grown: dict[int, int] = {}
    for arguments in ({**DAILY, "range": SOME}, DAILY):
        api.forget_peak()
        before = api.memory("VmRSS")
        found = await _measured(exports, arguments)
        grown[found.rows] = api.memory("VmHWM") - before
        summary = (await exports.ask(SUMMARY, range=arguments["range"]))["ads"]["summary"]
        assert (found.spend, found.purchases) == (Decimal(summary["spend"]), summary["purchases"])

    assert list(grown) == [ADS * SOME_DAYS, ADS * DAYS]
    assert max(grown.values()) < 25 * MEGABYTE, grown
    assert grown[ADS * DAYS] - grown[ADS * SOME_DAYS] < 5 * MEGABYTE, grown


SUMMARY = "query ($range: DateRangeInput) { ads(range: $range) { summary { spend purchases } } }"


@dataclass
class _Measured:
    rows: int = 0
    spend: Decimal = Decimal(0)
    purchases: int = 0


async def _measured(exports: Exports, arguments: object) -> _Measured:
    """The sums of an export, without keeping it."""
    found, rest = _Measured(), b""
    names = [column.name for column in columns_of("ads")]
    spend, purchases = names.index("spend"), names.index("purchases")
    async with (
        httpx.AsyncClient(headers=exports.headers, timeout=30) as client,
        client.stream("POST", f"{exports.url}/export/ads.csv", json=arguments) as response,
    ):
        assert response.status_code == 200
        async for part in response.aiter_bytes():
            *lines, rest = (rest + part).split(b"\r\n")
            for line in lines:
                cells = line.decode().split(",")
                if cells != names:
                    found.rows += 1
                    found.spend += Decimal(cells[spend])
                    found.purchases += int(cells[purchases])
    return found


@asynccontextmanager
async def _begun(
    exports: Exports, file: str = "ads.csv", arguments: object = MUCH
) -> AsyncGenerator[asyncio.StreamReader]:
    """A connection on which an export has begun, and nothing is read of it but its head."""
    address = URL(exports.url)
    reader, writer = await asyncio.open_connection(address.host, address.port, limit=65536)
    try:
        writer.write(_request(exports, file, arguments))
        await writer.drain()
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        yield reader
    finally:
        writer.close()
        with suppress(ConnectionResetError):  # if its export was broken off
            await writer.wait_closed()


def _request(exports: Exports, file: str = "ads.csv", arguments: object = MUCH) -> bytes:
    body = orjson.dumps(arguments)
    head = (
        f"POST /export/{file} HTTP/1.1\r\nHost: api.test\r\nContent-Type: application/json\r\n"
        f"Authorization: {exports.headers['Authorization']}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _everything(reader: asyncio.StreamReader) -> bytes:
    """What still comes, to the end of a body in chunks or of the connection."""
    received = bytearray()
    with suppress(ConnectionResetError):
        while part := await reader.read(MEGABYTE):
            received += part
            if received.endswith(b"\r\n0\r\n\r\n"):
                break
    return bytes(received)


async def test_a_reader_that_stops_is_waited_for_and_gets_rows_of_one_moment(year: Year, exports: Exports) -> None:
    async with _begun(exports) as reader:
        await year.until_state("idle in transaction")
        await year.superuser.execute("UPDATE ads SET name = 'Renamed'")
        try:
            sent = await _everything(reader)
        finally:
            await year.superuser.execute("UPDATE ads SET name = 'Ad ' || external_id")
    assert sent.endswith(b"\r\n0\r\n\r\n")
    assert b"Renamed" not in sent
    assert sent.count(b",Ad 1") == MUCH_ROWS
    await year.until_state("", seconds=1)


async def test_an_export_ends_with_its_client(year: Year, exports: Exports) -> None:
    with capture_logs() as logs:
        async with _begun(exports):
            await year.until_state("idle in transaction")
        await year.until_state("", seconds=1)

        async with year.locker.transaction():
            await year.locker.execute("LOCK TABLE ad_stats_daily IN ACCESS EXCLUSIVE MODE")
            waiting = asyncio.create_task(exports.post("ads.csv", DAILY))
            await year.until_state("active")
            waiting.cancel()
            await year.until_state("", seconds=1)
        lines = await request_lines(logs, 2)
    assert [(line["status"], line.get("rows", 0) > 0) for line in lines] == [(200, True), (499, False)]
    assert [entry for entry in logs if entry["log_level"] not in {"info", "debug"}] == []


async def test_a_fault_breaks_the_transfer_off(year: Year, exports: Exports, caplog: pytest.LogCaptureFixture) -> None:
    with capture_logs() as logs:
        async with _begun(exports) as reader:
            await year.until_state("idle in transaction")
            assert await year.superuser.fetchval(END_CONNECTIONS) == 1
            sent = await _everything(reader)
        lines = await request_lines(logs, 1)
    assert b",Ad 1" in sent
    assert not sent.endswith(b"0\r\n\r\n")
    assert [entry["path"] for entry in logs if entry["event"] == "request failed"] == ["/export/ads.csv"]
    assert [line["whole"] for line in lines] == [False]
    assert _told_by_the_server(caplog) == []
    assert len(await exports.csv("ads", range=YEAR)) == ADS


# How a member ceases to be one, and how that is undone.
ENDS = {
    "removed": (
        "DELETE FROM memberships WHERE seller_id = $1 AND user_id = $2",
        "INSERT INTO memberships (seller_id, user_id, role, created_at) VALUES ($1, $2, 'OWNER', now())",
    ),
    "user deactivated": (
        "UPDATE users SET is_active = false WHERE id = $2 AND $1::uuid IS NOT NULL",
        "UPDATE users SET is_active = true WHERE id = $2 AND $1::uuid IS NOT NULL",
    ),
    "seller deactivated": (
        "UPDATE sellers SET is_active = false WHERE id = $1 AND $2::uuid IS NOT NULL",
        "UPDATE sellers SET is_active = true WHERE id = $1 AND $2::uuid IS NOT NULL",
    ),
}


@asynccontextmanager
async def _looked_after(year: Year) -> AsyncGenerator[Exports]:
    """Exports of a process that looks after memberships all the time."""
    settings = year.settings.model_copy(update={"membership_check_seconds": 0.3})
    async with open_services(settings, process="streams") as services, served(services) as url:
        yield exports_of(year.tenant, url)


@pytest.mark.parametrize("end", ENDS)
async def test_an_export_ends_with_its_membership(year: Year, end: str, caplog: pytest.LogCaptureFixture) -> None:
    ended, undone = ENDS[end]
    with capture_logs() as logs:
        async with _looked_after(year) as exports, _begun(exports) as reader:
            await year.until_state("idle in transaction")
            await year.superuser.execute(ended, year.tenant.seller_id, year.tenant.user_id)
            try:
                await year.until_state("")
                sent = await _everything(reader)
                refused = await exports.post("ads.csv", {})
            finally:
                await year.superuser.execute(undone, year.tenant.seller_id, year.tenant.user_id)
            lines = await request_lines(logs, 2)
    assert not sent.endswith(b"0\r\n\r\n")
    assert sent.count(b",Ad 1") < MUCH_ROWS
    gone = {"message": "The access token is no longer valid.", "extensions": {"code": "UNAUTHENTICATED"}}
    assert (refused.status_code, refused.json()) == (401, {"errors": [gone]})
    assert [(line["status"], line.get("whole")) for line in lines] == [(200, False), (401, None)]
    broken_off = [entry for entry in logs if entry["event"] == "request broken off"]
    assert [(entry["path"], entry["reason"]) for entry in broken_off] == [("/export/ads.csv", gone["message"])]
    assert [entry for entry in logs if entry["log_level"] == "error"] == []
    assert _told_by_the_server(caplog) == []


async def test_nothing_more_arrives_after_an_export_ended_with_its_membership(year: Year) -> None:
    """A slow reader is left with what has arrived and it has not read yet; the server has held little more for it."""
    ended, undone = ENDS["removed"]
    with capture_logs() as logs:
        async with _looked_after(year) as exports, _slow_reader(exports) as slow:
            await year.until_state("idle in transaction")
            await year.superuser.execute(ended, year.tenant.seller_id, year.tenant.user_id)
            try:
                [line] = await request_lines(logs, 1)
                arrived = _unread_bytes(slow)
                read = await _until_reset(slow)
            finally:
                await year.superuser.execute(undone, year.tenant.seller_id, year.tenant.user_id)
    assert 0 < read == arrived
    assert line["rows"] < LITTLE_ROWS


@asynccontextmanager
async def _slow_reader(exports: Exports) -> AsyncGenerator[socket.socket]:
    """An export that has begun, on a connection that nothing but its own socket reads from."""
    address = URL(exports.url)
    with socket.create_connection((address.host, address.port)) as reader:
        reader.setblocking(False)  # noqa: FBT003 - its only parameter
        await asyncio.get_running_loop().sock_sendall(reader, _request(exports))
        assert (await asyncio.get_running_loop().sock_recv(reader, 1000)).startswith(b"HTTP/1.1 200 ")
        yield reader


def _unread_bytes(connected: socket.socket) -> int:
    """What has arrived and is not read yet."""
    return int.from_bytes(fcntl.ioctl(connected, termios.FIONREAD, bytes(4)), sys.byteorder)


async def _until_reset(connected: socket.socket) -> int:
    """How many bytes can be read until the connection turns out to have been reset. Fails if it ended otherwise."""
    read = 0
    try:
        while part := await asyncio.get_running_loop().sock_recv(connected, MEGABYTE):
            read += len(part)
    except ConnectionResetError:
        return read
    pytest.fail(f"closed without a reset after {read} bytes")


async def test_an_export_that_outlasts_a_shutdown_is_broken_off_with_one_warning(
    year: Year, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "GRACE_SECONDS", 0.2)
    async with AsyncExitStack() as serving, AsyncExitStack() as reading:
        with capture_logs() as logs:
            exports = exports_of(year.tenant, await serving.enter_async_context(served(year.tenant.world.services)))
            reader = await reading.enter_async_context(_begun(exports))
            await year.until_state("idle in transaction")
            await serving.aclose()
            sent = await _everything(reader)
            await year.until_state("", seconds=1)
    assert not sent.endswith(b"0\r\n\r\n")
    lines = [(entry["event"], entry["log_level"]) for entry in logs if "path" in entry]
    assert lines == [("request broken off", "warning"), ("request", "info")]
    assert [entry["reason"] for entry in logs if entry["event"] == "request broken off"] == ["the process shuts down"]
    assert _told_by_the_server(caplog) == []


async def test_a_request_that_outlasts_a_shutdown_is_told_so(
    year: Year, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "GRACE_SECONDS", 0.2)
    async with AsyncExitStack() as serving, year.locker.transaction():
        exports = exports_of(year.tenant, await serving.enter_async_context(served(year.tenant.world.services)))
        await year.locker.execute("LOCK TABLE ad_stats_daily IN ACCESS EXCLUSIVE MODE")
        waiting = asyncio.create_task(exports.post("ads.csv", DAILY))
        await year.until_state("active")
        await serving.aclose()
        answer = await waiting
    assert answer.status_code == 503
    told = "The server is shutting down; try again. A change that was requested may have taken effect."
    assert answer.json() == {"errors": [{"message": told, "extensions": {"code": "UPSTREAM_UNAVAILABLE"}}]}
    assert _told_by_the_server(caplog) == []


def _told_by_the_server(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Warnings and worse of uvicorn, which knows less about it than the line of ours."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("uvicorn") and record.levelno >= logging.WARNING
    ]


async def test_an_export_that_has_sent_nothing_yet_is_refused(year: Year) -> None:
    async with _looked_after(year) as exports:
        async with year.locker.transaction():
            await year.locker.execute("LOCK TABLE ad_stats_daily IN ACCESS EXCLUSIVE MODE")
            waiting = asyncio.create_task(exports.post("ads.csv", DAILY))
            await year.until_state("active")
            await year.superuser.execute(ENDS["removed"][0], year.tenant.seller_id, year.tenant.user_id)
            try:
                response = await waiting
            finally:
                await year.superuser.execute(ENDS["removed"][1], year.tenant.seller_id, year.tenant.user_id)
        assert response.status_code == 401
        assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["UNAUTHENTICATED"]
        assert (await exports.post("ads.csv", {})).status_code == 200


async def test_an_export_and_the_operations_of_its_user_do_not_wait_for_each_other(year: Year) -> None:
    settings = year.settings.model_copy(update={"operations_per_user": 1})
    async with served(replace(year.tenant.world.services, settings=settings)) as url:
        exports = exports_of(year.tenant, url)
        async with year.locker.transaction():
            await year.locker.execute("LOCK TABLE ad_stats_daily IN ACCESS EXCLUSIVE MODE")
            waiting = asyncio.create_task(exports.post("ads.csv", {"range": YEAR}))
            await year.until_state("active")  # nothing of it is sent
            assert await exports.ask("{ viewer { role } }") == {"viewer": {"role": "OWNER"}}
        assert (await waiting).status_code == 200


@pytest.mark.parametrize("limit", ["stalled", "seconds"])
async def test_who_reads_nothing_is_broken_off(year: Year, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    services = year.tenant.world.services
    if limit == "stalled":
        monkeypatch.setattr(export, "STALLED_SECONDS", 0.1)
    else:
        settings = year.settings.model_copy(update={"export_seconds": 1.0})
        services = replace(services, settings=settings)
    async with served(services) as url, _begun(exports_of(year.tenant, url)) as reader:
        await year.until_state("idle in transaction")
        await year.until_state("")
        assert not (await _everything(reader)).endswith(b"0\r\n\r\n")


async def test_a_seller_with_as_many_exports_as_may_run(year: Year, exports: Exports) -> None:
    other = exports_of(await year.tenant.world.add_seller("other"), exports.url)
    async with _begun(exports), _begun(exports):
        refused = await exports.post("ads.csv", {})
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
        assert refused.json()["errors"] == [
            {
                "message": "Too many requests; ask again later.",
                "extensions": {"code": "RATE_LIMITED", "retryAfter": 10},
            }
        ]
        assert (await other.post("ads.csv", {})).status_code == 200
        assert await exports.ask("{ viewer { role } }") == {"viewer": {"role": "OWNER"}}
    await year.until_state("", seconds=1)
    assert (await exports.post("ads.csv", {})).status_code == 200


@pytest.mark.parametrize(
    ("concurrency", "pool", "for_one", "for_all"), [(3, 10, 2, 3), (8, 10, 4, 5), (1, 10, 1, 1), (3, 1, 1, 1)]
)
async def test_exports_never_take_the_pool(year: Year, concurrency: int, pool: int, for_one: int, for_all: int) -> None:
    changed = {"export_concurrency": concurrency, "database_pool_size": pool}
    settings, turns = year.settings.model_copy(update=changed), export_turns()
    one = uuid4()
    async with AsyncExitStack() as taken:
        for _ in range(for_one):
            await taken.enter_async_context(turns.taken(export_of(settings, one)))
        with pytest.raises(RateLimitedError):
            await taken.enter_async_context(turns.taken(export_of(settings, one)))
        for _ in range(for_all - for_one):
            await taken.enter_async_context(turns.taken(export_of(settings, uuid4())))
        with pytest.raises(RateLimitedError):
            await taken.enter_async_context(turns.taken(export_of(settings, uuid4())))
    await asyncio.sleep(0)
    async with turns.taken(export_of(settings, one)):
        pass


async def test_an_export_gives_way_to_requests(year: Year, exports: Exports, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one is at work, no piece is written but the first; when it is over, all are."""
    for name in ("PATIENCE", "MOST_SECONDS", "LIGHT_SECONDS"):
        monkeypatch.setattr(precedence, name, 3600)
    written: list[int] = []
    _count_rows(monkeypatch, written)
    other = exports_of(await year.tenant.world.add_seller("waiting"), exports.url)
    async with year.locker.transaction():
        await year.locker.execute("LOCK TABLE sellpages IN ACCESS EXCLUSIVE MODE")
        asking = asyncio.create_task(other.ask("{ sellpages { totalCount } }"))
        await year.until_state("active")
        exporting = asyncio.create_task(exports.post("ads.csv", {"range": SOME}))
        await year.until_state("active,idle in transaction")
        assert not exporting.done()
        assert sum(written) <= export.ROWS_AT_ONCE
    assert await asking == {"sellpages": {"totalCount": 0}}
    assert (await exporting).status_code == 200
    assert sum(written) == ADS


@pytest.mark.usefixtures("year")
async def test_few_rows_are_written_in_one_turn(exports: Exports, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    by_turn: list[int] = []
    _count_rows(monkeypatch, written)

    async def turning() -> None:
        while True:
            await asyncio.sleep(0)
            by_turn.append(sum(written))
            written.clear()

    beside = asyncio.create_task(turning())
    assert (await exports.post("ads.csv", {**DAILY, "range": SOME})).status_code == 200
    beside.cancel()
    assert sum(by_turn) + sum(written) == ADS * SOME_DAYS
    assert max(by_turn) == export.ROWS_AT_ONCE


def _count_rows(monkeypatch: pytest.MonkeyPatch, written: list[int]) -> None:
    rows: Any = export_formats.FORMATS["csv"].rows

    def counting(columns: Any, some: Any) -> bytes:
        written.append(len(some))
        return rows(columns, some)

    monkeypatch.setitem(export_formats.FORMATS, "csv", export_formats.FORMATS["csv"]._replace(rows=counting))
