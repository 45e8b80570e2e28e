"""Who is compared: the product and the two floors, each asked in its own way and measured alike."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import httpx
import orjson

from app.auth.access_tokens import issue_access_token
from app.embedded.child import ChildSpec, start_child
from app.embedded.ports import LOOPBACK, find_free_port
from tests.benchmarks.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from app.embedded.child import Child
    from tests.benchmarks.dataset import Dataset
    from tests.benchmarks.population import Seller
    from tests.benchmarks.workloads import Workload

CHECKOUT = Path(__file__).resolve().parents[2]
START_SECONDS = 120
STOP_SECONDS = 15
PROGRAM_SECONDS = 600
IDLE_SECONDS = 60
IDLE_TICKS = 1
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


class Contender(Protocol):
    """Something that can do a workload."""

    @property
    def name(self) -> str: ...

    def measure(self, workload: Workload, *, connections: int, seconds: float) -> Measurement: ...


class Client(Protocol):
    """A program that puts load on an HTTP server, a process of its own."""

    @property
    def name(self) -> str: ...

    def put_load(self, requests: list[HttpRequest], *, port: int, connections: int, seconds: float) -> Measurement: ...


@dataclass(frozen=True, slots=True)
class HttpRequest:
    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)  # a token is among them
    body: str = ""

    def text(self) -> str:
        """As it goes over the wire (all of it is ASCII)."""
        headers = {"Host": LOOPBACK, **self.headers, "Content-Length": str(len(self.body))}
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", self.body])


class OwnClient:
    """The client of tests.benchmarks.load."""

    name = "own client (asyncio, uvloop, httptools)"

    def put_load(self, requests: list[HttpRequest], *, port: int, connections: int, seconds: float) -> Measurement:
        texts = [request.text() for request in requests]
        job = orjson.dumps({"requests": texts, "port": port, "connections": connections, "seconds": seconds})
        done = subprocess.run(  # ours
            [sys.executable, "-m", "tests.benchmarks.load"],
            input=job,
            stdout=subprocess.PIPE,
            cwd=CHECKOUT,
            timeout=PROGRAM_SECONDS,
            check=True,
        )
        return Measurement(**orjson.loads(done.stdout))


@dataclass(frozen=True, slots=True)
class Served:
    """A server over HTTP, with the requests of each workload: one for each seller, taken in turn."""

    name: str
    process: Child
    port: int
    requests: Mapping[str, list[HttpRequest]]
    client: Client

    def measure(self, workload: Workload, *, connections: int, seconds: float) -> Measurement:
        before = _cpu_seconds(self.process.pid)
        requests = self.requests[workload.name]
        result = self.client.put_load(requests, port=self.port, connections=connections, seconds=seconds)
        used = _cpu_seconds(self.process.pid) - before
        _wait_until_idle(self.process.pid)
        return replace(result, server_cpu_ms=used * 1000 / result.requests)


@dataclass(frozen=True, slots=True)
class FloorA:
    """The statements alone, run inside the floors' process."""

    port: int
    name: str = "floor a"

    def measure(self, workload: Workload, *, connections: int, seconds: float) -> Measurement:
        job = {"workload": workload.name, "connections": connections, "seconds": seconds}
        answer = httpx.post(_url(self.port, "/replay"), content=orjson.dumps(job), timeout=PROGRAM_SECONDS)
        return Measurement(**orjson.loads(answer.raise_for_status().content))


class Contest(NamedTuple):
    """All contenders, running; `facts` says how many statements each workload has."""

    contenders: list[Contender]
    facts: dict[str, dict[str, int]]


@contextmanager
def open_contest(
    dataset: Dataset, seed: int, workloads: tuple[Workload, ...], client: Client, logs: Path
) -> Generator[Contest]:
    """Start the servers and stop them at the end; every answer has been compared by then."""
    with ExitStack() as stack:
        api, api_port = stack.enter_context(open_api(dataset, logs))
        floors_port = find_free_port()
        wanted = ("tests.benchmarks.floors", str(floors_port), dataset.scale.name, str(seed))
        floors = stack.enter_context(_running("floors", wanted, dataset, logs))
        facts = _wait_for(floors, _url(floors_port, "/facts"))
        product = Served("product", api, api_port, _product_requests(dataset, workloads), client)
        floor_b = Served("floor b", floors, floors_port, _floor_requests(dataset, workloads), client)
        for workload in workloads:
            _compare(product, floor_b, workload)
        yield Contest([FloorA(floors_port), floor_b, product], facts)


@contextmanager
def open_api(dataset: Dataset, logs: Path) -> Generator[tuple[Child, int]]:
    """The product's api, ready, and its port."""
    port = find_free_port()
    with _running("api", ("app.cli.main", "api", "--port", str(port)), dataset, logs) as api:
        _wait_for(api, _url(port, "/readyz"))
        yield api, port


def _product_requests(dataset: Dataset, workloads: tuple[Workload, ...]) -> dict[str, list[HttpRequest]]:
    of_each = dict[str, list[HttpRequest]]()
    headers = [headers_of(seller, dataset) for seller in dataset.sellers]
    for workload in workloads:
        body = orjson.dumps({"query": workload.document}).decode()
        of_each[workload.name] = [HttpRequest("POST", "/graphql", of_one, body) for of_one in headers]
    return of_each


def headers_of(seller: Seller, dataset: Dataset) -> dict[str, str]:
    """Of a request in the name of this seller's owner."""
    token = issue_access_token(
        user_id=seller.user_id, seller_id=seller.id, role="OWNER", settings=dataset.settings
    ).text
    return {
        "Authorization": f"Bearer {token}",
        "Accept": "application/graphql-response+json",
        "Content-Type": "application/json",
    }


def _floor_requests(dataset: Dataset, workloads: tuple[Workload, ...]) -> dict[str, list[HttpRequest]]:
    return {
        workload.name: [
            HttpRequest("GET", f"/answer/{workload.name}/{place}", {}) for place in range(len(dataset.sellers))
        ]
        for workload in workloads
    }


def _compare(product: Served, floor: Served, workload: Workload) -> None:
    """Raise unless both answer the same data, without errors, for every seller."""
    for ours, theirs in zip(product.requests[workload.name], floor.requests[workload.name], strict=True):
        answers = [_ask(product.port, ours), _ask(floor.port, theirs)]
        if "errors" in answers[0] or answers[0]["data"] != answers[1]["data"]:
            raise RuntimeError(f"the product and floor b answer {workload.name} differently over HTTP")


def _ask(port: int, request: HttpRequest) -> dict[str, Any]:
    answer = httpx.request(
        request.method, _url(port, request.path), headers=dict(request.headers), content=request.body, timeout=60
    )
    return orjson.loads(answer.raise_for_status().content)


@contextmanager
def _running(name: str, module: tuple[str, ...], dataset: Dataset, logs: Path) -> Generator[Child]:
    spec = ChildSpec(
        name=name,
        command=(sys.executable, "-m", *module),
        log_path=logs / f"{name}.log",
        environment={**os.environ, **dataset.environment, "METRICS_PORT": "0"},
        directory=CHECKOUT,
    )
    child = start_child(spec)
    try:
        yield child
    finally:
        child.stop(grace=STOP_SECONDS)


def _wait_for(child: Child, url: str) -> Any:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            answer = httpx.get(url, timeout=START_SECONDS)
            if answer.is_success:
                return orjson.loads(answer.content)
        except httpx.TransportError:
            pass
        if child.exit_code is not None or time.monotonic() > deadline:
            lines = "\n".join(child.last_log_lines(20))
            raise RuntimeError(f"{child.spec.name} did not start:\n{lines}")
        time.sleep(0.05)


def _url(port: int, path: str) -> str:
    return f"http://{LOOPBACK}:{port}{path}"


def _wait_until_idle(pid: int) -> None:
    """Let it finish what a client may have dropped, so that it doesn't run into the next measurement."""
    deadline, before = time.monotonic() + IDLE_SECONDS, _cpu_seconds(pid)
    while time.monotonic() < deadline:
        time.sleep(0.1)
        now = _cpu_seconds(pid)
        if now - before <= IDLE_TICKS / TICKS_A_SECOND:
            return
        before = now
    raise RuntimeError(f"the server was still busy {IDLE_SECONDS} s after the load had ended")


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process so far (proc(5): fields 14 and 15, counted after the name)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND
