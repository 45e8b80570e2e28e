"""What real processes show at /metrics: all that the example alerts and dashboard ask for, each where it belongs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.cli.running import Up
from tests.observability.promql import read_promql
from tests.observability.test_examples import ASKED

if TYPE_CHECKING:
    from collections.abc import Generator

pytestmark = pytest.mark.slow

# What says nothing before something has happened: a failure, a throttle, a slow budget, a subscription.
SHARED = {
    "pixecom_queue_depth",
    "pixecom_queue_age_seconds",
    "pixecom_call_pauses",
    "pixecom_last_tick_timestamp_seconds",
    "pixecom_tick_interval_seconds",
    "pixecom_freshness_seconds",
    "pixecom_ad_accounts",
    "pixecom_connections",
    "pixecom_partitions_ahead",
    "pixecom_scarce_call_budgets",
}
OWN = {
    "api": {"pixecom_http_requests_total", "pixecom_http_request_seconds_bucket"},
    "worker": {
        "pixecom_worker_slots",
        "pixecom_jobs_ended_total",
        "pixecom_job_seconds_bucket",
        "pixecom_job_failures_total",
        "pixecom_job_attempts_bucket",
        "pixecom_rows_written_total",
        "pixecom_provider_calls_total",
    },
    "scheduler": {
        "pixecom_scheduler_passes_total",
        "pixecom_scheduler_pass_seconds_bucket",
        "pixecom_jobs_taken_over_total",
    },
}
PROCESS = {
    "pixecom_ready",
    "pixecom_disk_free_bytes",
    "pixecom_disk_size_bytes",
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
    "process_start_time_seconds",
}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Generator[Up]:
    folder = tmp_path_factory.mktemp("exposition")
    product = Up(folder / "data", folder / "output")
    product.wait_until(lambda: "PixEcom Ads is running." in product.text)
    yield product
    product.process.terminate()
    assert product.process.wait(60) == 0


def _port(product: Up, process: str) -> int:
    instance = product.instance
    key = {"api": "metrics_port", "worker": "worker_health_port", "scheduler": "scheduler_health_port"}[process]
    port = instance[key]
    assert isinstance(port, int)
    return port


def _scrape(product: Up, process: str) -> tuple[set[str], set[str]]:
    """Names that are declared, and those that have a value."""
    scraped = httpx.get(f"http://127.0.0.1:{_port(product, process)}/metrics")
    assert scraped.status_code == 200
    families = list(text_string_to_metric_families(scraped.text))
    return {family.name for family in families}, {sample.name for family in families for sample in family.samples}


@pytest.mark.parametrize("process", OWN)
def test_a_process_shows_what_it_knows(product: Up, process: str) -> None:
    expected = OWN[process] | PROCESS
    if process != "api":
        expected |= SHARED
    deadline = time.monotonic() + 60
    while missing := expected - _scrape(product, process)[1]:
        assert time.monotonic() < deadline, f"{process} does not show {sorted(missing)}"
        time.sleep(0.2)
    if process == "api":
        assert not _scrape(product, process)[1] & SHARED


def test_all_that_alerts_and_dashboard_ask_for_is_declared(product: Up) -> None:
    declared = {family for process in OWN for family in _scrape(product, process)[0]}
    for where, expression in ASKED:
        for selector in read_promql(expression).selectors:
            family = selector.name.removesuffix("_total").removesuffix("_bucket").removesuffix("_sum")
            assert {family, family.removesuffix("_count")} & declared or selector.name == "up", where


def test_a_worker_and_a_scheduler_are_ready_and_say_when_the_schedule_moved(product: Up) -> None:
    for process in ("worker", "scheduler"):
        ready = httpx.get(f"http://127.0.0.1:{_port(product, process)}/readyz")
        assert ready.status_code == 200, ready.text
        assert ready.json()["lastTick"] is not None
    live = httpx.get(f"http://127.0.0.1:{_port(product, 'scheduler')}/livez").json()
    assert live["status"] == "live"
    assert live["lastPass"] is not None
