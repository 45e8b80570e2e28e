"""Features of Graph that apps registered since 2026-11-04 may not use, on any version (Meta's blog on v27.0).

Meta ends them for every app with v28.0. The words of the refusals are from memory.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from app.providers.sandbox.errors import feature_withdrawn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.providers.sandbox.call import GraphCall

METHOD_OVERRIDE = "HTTP method override"
MULTI_ID = "Multi-ID requests"
FIELD_ALIAS = "Field aliases"
ASYNC_BATCH = "Asynchronous batch requests"
DATE_FORMAT = "Date formatting"
JSONP = "JSONP callbacks"

_BY_PARAMETER: Mapping[str, str] = {
    "ids": MULTI_ID,
    "date_format": DATE_FORMAT,
    "callback": JSONP,
    "asyncbatch": ASYNC_BATCH,
}
_ASYNC_BATCH_EDGES = frozenset({"async_batch_requests", "asyncadrequestsets"})
_ALIAS = re.compile(r"\.as\(")


def refuse_legacy_features(call: GraphCall) -> None:
    """Raise GraphError naming the first withdrawn feature that a call uses."""
    feature = _find_feature(call)
    if feature is not None:
        raise feature_withdrawn(feature)


def _find_feature(call: GraphCall) -> str | None:
    if call.overrides_method:
        return METHOD_OVERRIDE
    for name, feature in _BY_PARAMETER.items():
        if name in call.params:
            return feature
    if _ALIAS.search(call.params.get("fields", "")):
        return FIELD_ALIAS
    return ASYNC_BATCH if _ASYNC_BATCH_EDGES.intersection(call.path[1:]) else None
