"""Which refusal means that a metric's name is dead.

Meta answers a bare 100 whose text speaks of a metric ("The value must be a valid insights metric"), and fails the
whole list for one such name without saying which (observed by collectors). Without any metric it answers 3001/1504028.
"""

from __future__ import annotations

from app.errors import DeadMetricError, FieldDroppedError, ProviderError, RequestRefusedError

_BAD_PARAMETER = 100
_NO_METRIC = (3001, 1504028)


def as_dead_metric(error: ProviderError) -> DeadMetricError | None:
    """The refusal as a DeadMetricError with the same reason; None where it is about something else."""
    if not isinstance(error, RequestRefusedError):
        return None
    if isinstance(error, FieldDroppedError):
        return DeadMetricError(str(error), code=error.code, subcode=error.subcode)
    names_metric = error.code == _BAD_PARAMETER and error.subcode is None and "metric" in str(error).lower()
    if names_metric or (error.code, error.subcode) == _NO_METRIC:
        return DeadMetricError(str(error), code=error.code, subcode=error.subcode)
    return None
