"""The list of metrics, held against what the sandbox knows to be alive and how the client reads each."""

from __future__ import annotations

from app.providers.page_metrics import METRICS, PAGE_METRICS, POST_METRICS
from app.providers.sandbox.world import page_metrics as of_the_sandbox


def test_every_name_stands_once_and_begins_with_its_scope() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    assert all(metric.name.startswith(f"{metric.scope.lower()}_") for metric in METRICS)
    assert (*PAGE_METRICS, *POST_METRICS) == tuple(metric.name for metric in METRICS)


def test_what_is_not_known_to_be_dead_lives_in_the_sandbox_and_the_dead_do_not() -> None:
    alive = {*of_the_sandbox.PAGE_METRICS, *of_the_sandbox.POST_METRICS}
    for metric in METRICS:
        assert (metric.name in alive) == (metric.died_on is None), metric.name


def test_values_by_type_are_those_that_the_sandbox_splits() -> None:
    split = {name for name, metric in of_the_sandbox.POST_METRICS.items() if metric.types}
    assert {metric.name for metric in METRICS if metric.by_type} == split
