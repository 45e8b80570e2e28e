"""Refusals that are about names which Meta itself gave us, cursors and reports, or about a single object of many.

The numbers are those that connectors met: a report that is polled as completed is unknown for a moment (100/33) or
"not ready" (2601/1815107); a listing is refused because one ad in it lacks its creative (100/2446289).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from app.errors import (
    OutdatedRequestError,
    PlatformUnreachableError,
    ProviderTransientError,
    RequestRefusedError,
    TooMuchDataError,
)
from app.providers.meta.calls.errors import PAGE_TOO_HEAVY

if TYPE_CHECKING:
    from app.errors import ProviderError
    from app.providers.meta.walks.edge import Edge

_BAD_PARAMETER = 100
_NO_SUCH_OBJECT = 33
_REPORT_NOT_READY = 2601
# The size of a page by a name of its own; `limit`, which other things have too, together with a word about its size.
_speaks_of_page_size = re.compile(
    r"\bpage[ _-]?size\b|\bper[ _-]page\b"
    r"|\b(?:too many|number of|amount of) (?:rows|results|records|objects|items|entries)\b"
).search
_speaks_of_limit = re.compile(r"\blimit\b").search
_speaks_of_size = re.compile(
    r"\b(?:param|parameter|value|invalid|maximum|max|exceeds?|exceeded|less|lower|greater|larger|smaller|higher|large"
    r"|high|big|between|must|cannot|reduce|decrease|above|over)\b|<="
).search
_speaks_of_cursor = re.compile(r"\b(?:cursors?|after|paging)\b", re.IGNORECASE).search


def is_about_ours(error: ProviderError, edge: Edge, after: str | None) -> bool:
    """Whether an answer denies a report that was complete, or a cursor that came with the page before."""
    if edge.is_report and is_unready_report(error):
        return True
    if after is None or not isinstance(error, RequestRefusedError) or error.code != _BAD_PARAMETER:
        return False
    # What was accepted for the first page is no bad parameter on a later one, unless an object on it spoils it.
    if edge.id_field is None or _speaks_of_cursor(str(error)) is not None:
        return True
    return not isinstance(error, OutdatedRequestError) and not may_be_one_object(error)


def is_page_too_large(error: ProviderError) -> bool:
    """Whether a refusal is about how many items were asked for at once."""
    if not isinstance(error, RequestRefusedError | TooMuchDataError):
        return False
    text = str(error).lower()
    return _speaks_of_page_size(text) is not None or (
        _speaks_of_limit(text) is not None and _speaks_of_size(text) is not None
    )


def is_unready_report(error: ProviderError) -> bool:
    """Whether Meta says that there is no such report (yet)."""
    return error.code == _REPORT_NOT_READY or (error.code, error.subcode) == (_BAD_PARAMETER, _NO_SUCH_OBJECT)


def may_be_one_object(error: ProviderError) -> bool:
    """Whether a page may have failed for one object in it, and not for what was asked of the edge."""
    if isinstance(error, RequestRefusedError):
        return error.code == _BAD_PARAMETER and error.subcode not in {None, _NO_SUCH_OBJECT}
    is_heavy = isinstance(error, TooMuchDataError) and error.code == PAGE_TOO_HEAVY
    return is_heavy or (isinstance(error, ProviderTransientError) and error.code is not None)


def as_too_much(error: ProviderError, edge: Edge) -> ProviderError:
    """Trouble that lasts however small the page is: the query is too large, unless nothing can be asked."""
    is_there = not isinstance(error, PlatformUnreachableError) and not (edge.is_report and is_unready_report(error))
    if isinstance(error, ProviderTransientError) and is_there:
        return TooMuchDataError(str(error), code=error.code, subcode=error.subcode)
    return error
