"""The example alerts and dashboard name metrics, labels and words that exist, and say what to do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import pytest
from graphql import OperationType
from prometheus_client import REGISTRY

from app.errors import ThrottleScope
from app.http import application
from app.http.operations.health import HEALTH_ROUTES
from app.http.requests import metrics as http_metrics
from app.job_kinds import JobKind
from app.observability import prometheus
from app.services.jobs.failure import FailureClass
from app.services.platform.budget_shortage import LEAST_LEFT, LITTLE_LEFT
from app.vocabulary import (
    ConnectionHealth,
    ConnectionKind,
    JobState,
    LoginOutcome,
    Priority,
    ProviderKind,
    Subject,
    UseCase,
)
from tests.observability.plain_yaml import read_yaml
from tests.observability.promql import read_promql
from workers.passes import PassOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.observability.promql import Selector

EXAMPLES = Path(prometheus.__file__).parent / "examples"
DASHBOARD: dict[str, Any] = json.loads((EXAMPLES / "dashboard.json").read_text(encoding="utf-8"))
SCRAPED = {"job": ["pixecom-api", "pixecom-worker", "pixecom-scheduler"], "instance": None}
# Of the Prometheus server, and of the client's own about its process.
PROCESS = {"up", "process_start_time_seconds", "process_resident_memory_bytes", "process_cpu_seconds_total"}
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",), "gauge": ("",)}
DURATION = re.compile(r"\d+[mh]")


class Asked(NamedTuple):
    """An expression, and where it stands."""

    where: str
    expression: str


def _groups() -> list[dict[str, Any]]:
    found = cast("dict[str, Any]", read_yaml((EXAMPLES / "alerts.yaml").read_text(encoding="utf-8")))
    assert list(found) == ["groups"]
    return found["groups"]


RULES: list[dict[str, Any]] = [rule for group in _groups() for rule in group["rules"]]
PANELS: list[dict[str, Any]] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
ASKED = [
    *(Asked(rule["alert"], rule["expr"]) for rule in RULES),
    *(Asked(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]),
]


def _series() -> dict[str, set[str]]:
    """By the name of each series of ours: its labels."""
    found: dict[str, set[str]] = {}
    for module in (prometheus, http_metrics):
        for metric in vars(module).values():
            if hasattr(metric, "_labelnames"):
                (family,) = metric.collect()
                labels: set[str] = {*metric._labelnames, *(["le"] if family.type == "histogram" else [])}
                found |= {family.name + suffix: labels for suffix in SUFFIXES[family.type]}
    return found


SERIES = _series()
WORDS: dict[str, Iterable[str] | None] = {
    **SCRAPED,
    "priority": [priority.name for priority in Priority],
    "scope": list(ThrottleScope),
    "state": list(JobState),
    "failure": list(FailureClass),
    "operation_type": [operation.value for operation in OperationType],
    "name": None,
    "accounts": ["SPENDING", "IDLE"],
    "seller": ["WORST", "MEDIAN"],
    "freshness": ["FRESH", "LATE", "STALE", "NEVER_SYNCED"],
    "health": list(ConnectionHealth),
    "provider": list(ProviderKind),
    "use_case": list(UseCase),
    "left": [LEAST_LEFT, LITTLE_LEFT],
    "server": ["DATABASE", "REDIS"],
    "subject": list(Subject),
    "directory": ["DATA"],
    "status": None,
    "check": ["database", "schema", "redis", "clock", "schedule", "drain"],
    "route": [*application.METERED, "other"],
}
OUTCOMES = {
    "pixecom_jobs_ended_total": [*JobState, "LOST"],
    "pixecom_jobs_taken_over_total": list(JobState),
    "pixecom_logins_total": list(LoginOutcome),
    "pixecom_scheduler_passes_total": list(PassOutcome),
    "pixecom_provider_calls_total": ["MADE", "PAUSED", "PROBED", "USED_UP"],
    "pixecom_meta_answers_total": ["OK", "THROTTLED", "TRANSIENT", "TOO_MUCH_DATA", "TOKEN", "PERMISSION", "REFUSED"],
}


def test_the_names_checked_are_those_of_the_exposition() -> None:
    exposed = {family.name for family in REGISTRY.collect()}
    names = {family.removesuffix("_total") for family in SERIES}
    assert {name for name in exposed if name.startswith("pixecom_")} <= names | {
        name.removesuffix(suffix) for name in SERIES for suffix in SUFFIXES["histogram"]
    }
    assert len(SERIES) > 30


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: cast("Asked", asked).where)
def test_an_expression_asks_for_what_there_is(asked: Asked) -> None:
    expression = read_promql(asked.expression)
    assert expression.selectors or "vector" in asked.expression
    known = set(SCRAPED)
    for selector in expression.selectors:
        assert selector.name in SERIES or selector.name in PROCESS, selector.name
        known |= SERIES.get(selector.name, set())
        _check_matchers(selector)
        _check_time(selector)
    assert expression.grouped_by <= known


def _check_time(selector: Selector) -> None:
    """A counter says something only over a time, and only a function of times may be given one."""
    is_counter = selector.name.endswith(("_total", "_bucket", "_sum", "_count"))
    assert is_counter == (selector.function in {"rate", "increase"}), f"{selector.name} in {selector.function}"
    assert selector.is_ranged == (selector.function in {"rate", "increase", "changes", "min_over_time"})


def _check_matchers(selector: Selector) -> None:
    labels = SERIES.get(selector.name, set()) | set(SCRAPED)
    for label, how, value in selector.matchers:
        assert label in labels, f"{selector.name} has no label {label}"
        words = _words(selector.name, label)
        if words is None:
            re.compile(value)
        elif how in {"=~", "!~"}:
            assert any(re.fullmatch(value, word) for word in words), f"{label} is never {value}"
            assert all(any(re.fullmatch(part, word) for word in words) for part in value.split("|")), value
        else:
            assert value in set(words), f"{label} is never {value}"


def _words(name: str, label: str) -> Iterable[str] | None:
    if label == "outcome":
        return OUTCOMES[name]
    if label == "kind":
        return ConnectionKind if name == "pixecom_connections" else JobKind
    return WORDS[label]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: cast("dict[str, str]", rule)["alert"])
def test_an_alert_says_how_bad_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"Pixecom[A-Za-z]+", rule["alert"])
    assert rule["labels"] in ({"severity": "critical"}, {"severity": "warning"})
    assert DURATION.fullmatch(rule.get("for", "0m"))
    assert set(rule["annotations"]) == {"summary", "action"}
    for sentence in rule["annotations"].values():
        assert sentence.endswith(".")
        assert sentence[0].isupper() or sentence[0] == "{" or sentence[0].isdigit()
    shown = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"] + rule["annotations"]["action"]))
    grouped = read_promql(rule["expr"]).grouped_by
    assert shown <= (grouped or set(SCRAPED))
    if rule["labels"]["severity"] == "critical" and "increase" not in rule["expr"]:
        assert "for" in rule, "nobody is woken by a single scrape"


def test_no_alert_has_the_name_of_another() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(set(names)) == len(names) > 25


def test_what_must_be_watched_is() -> None:
    watched = " ".join(rule["expr"] for rule in RULES)
    for name in (
        "pixecom_freshness_seconds",
        "pixecom_ad_accounts",
        "pixecom_queue_age_seconds",
        "pixecom_jobs_ended_total",
        "pixecom_last_tick_timestamp_seconds",
        "pixecom_connections",
        "pixecom_call_pauses",
        "pixecom_partitions_ahead",
        "pixecom_ready",
        "pixecom_jobs_taken_over_total",
    ):
        assert name in watched
    drawn = " ".join(asked.expression for asked in ASKED[len(RULES) :])
    gauges_and_counters = {name for name in SERIES if not name.endswith(("_sum", "_count", "_bucket"))}
    assert {name for name in gauges_and_counters if name not in drawn} == set()


def test_health_checks_are_no_failed_requests_and_a_drain_is_no_trouble() -> None:
    """A process that isn't ready has an alert of its own, and one that leaves is told to."""
    expressions = {rule["alert"]: read_promql(rule["expr"]).selectors for rule in RULES}
    for selector in expressions["PixecomApiFails"]:
        assert ("route", "!~", "|".join(HEALTH_ROUTES)) in selector.matchers
    [ready] = expressions["PixecomNotReady"]
    assert ("check", "!=", "drain") in ready.matchers


def test_panels_do_not_lie_on_each_other_and_say_what_they_show() -> None:
    cells: set[tuple[int, int]] = set()
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        covered = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not covered & cells
        assert at["x"] + at["w"] <= 24
        cells |= covered
    for panel in PANELS:
        assert panel["description"].endswith(".")
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert all(target["legendFormat"] for target in panel["targets"])


def test_the_scrape_configuration_names_the_jobs_of_the_alerts() -> None:
    found = cast("dict[str, Any]", read_yaml((EXAMPLES / "prometheus.yaml").read_text(encoding="utf-8")))
    assert [each["job_name"] for each in found["scrape_configs"]] == SCRAPED["job"]
    assert found["rule_files"] == ["alerts.yaml"]


@pytest.mark.parametrize(
    "expression",
    [
        "sum(rate(x_total[5m])",
        "rate(x_total[5 m])",
        "sum by (a) x_total ==",
        'x{a="b"',
        "x y",
        "sum x",
        "a == == b",
        "x{a}",
    ],
)
def test_the_check_finds_what_is_wrong(expression: str) -> None:
    with pytest.raises(ValueError, match=r"can't be read|missing|ends before|no matchers"):
        read_promql(expression)
