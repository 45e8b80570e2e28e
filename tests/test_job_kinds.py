"""The table of kinds: every kind has a row, and what is derived from the rows is what it was."""

from __future__ import annotations

from inspect import iscoroutinefunction

from app.job_kinds import DAY_ROUND, FETCHES_STATS, KINDS, WORKS_ON_PAGE, JobKind
from app.queries.jobs.kind_list import kind_list
from workers.tasks import HANDLERS


def test_every_kind_has_a_row_and_a_handler() -> None:
    assert set(KINDS) == set(JobKind)
    assert set(HANDLERS) == set(JobKind)
    assert [kind for kind, handler in HANDLERS.items() if not iscoroutinefunction(handler)] == []


def test_lists_of_kinds_follow_from_the_rows() -> None:
    assert kind_list(FETCHES_STATS) == "('stats', 'restatement', 'ingestion')"
    assert kind_list(DAY_ROUND) == "('ingestion', 'page_ingestion')"
    assert kind_list(WORKS_ON_PAGE) == "('page_ingestion')"
