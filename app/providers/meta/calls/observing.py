"""Counts and times Meta's answers, by use case and by what they were."""

from __future__ import annotations

from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

from app.errors import (
    PermissionDeniedError,
    ProviderError,
    ProviderThrottledError,
    ProviderTransientError,
    RequestRefusedError,
    TokenRejectedError,
    TooMuchDataError,
)
from app.observability.prometheus import META_ANSWERS, META_SECONDS

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from app.vocabulary import UseCase

OUTCOMES: Mapping[type[ProviderError], str] = {
    ProviderThrottledError: "THROTTLED",
    TooMuchDataError: "TOO_MUCH_DATA",
    ProviderTransientError: "TRANSIENT",
    TokenRejectedError: "TOKEN",
    PermissionDeniedError: "PERMISSION",
    RequestRefusedError: "REFUSED",
}


@contextmanager
def observe_answer(use_case: UseCase) -> Generator[None]:
    """Around one call and the reading of its answer."""
    outcome, started = "OK", perf_counter()
    try:
        yield
    except ProviderError as error:
        outcome = next((name for kind, name in OUTCOMES.items() if isinstance(error, kind)), "REFUSED")
        raise
    except BaseException:
        outcome = "ABANDONED"
        raise
    finally:
        META_ANSWERS.labels(use_case.value, outcome).inc()
        META_SECONDS.labels(use_case.value).observe(perf_counter() - started)
