"""Which refusals are about the installation: its version, address, app or fields, whichever account it asks for.

Meta says so under codes for bad parameters, lost permission and dead tokens too, in ever new sentences, so the words
decide. They are weighed as words, without punctuation: an object's refusal may speak of a field or a version as well.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

from app.providers.meta.rows.insight_fields import CURRENCY_FIELD, NAME_FIELDS, RATIOS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# No metric is made of these, and nothing else that was read loses its meaning without them.
DISPENSABLE = frozenset(
    {
        *RATIOS,
        *NAME_FIELDS.values(),
        CURRENCY_FIELD,
        "attribution_setting",
        "issues_info",
        "learning_stage_info",
        "budget_remaining",
        "created_time",
        "optimization_goal",
    }
)


class Fault(Enum):
    """What Meta refuses of the installation. CALL: an edge or endpoint as such, ADDRESS: a path that it can't read."""

    VERSION = auto()
    ADDRESS = auto()
    APP = auto()
    CALL = auto()
    FIELD = auto()


VERSION_ENDED = 2635
_APP_INVALID = 101
# Limits and dead tokens: nothing that these say is about a field.
_NEVER_OF_A_FIELD = frozenset({4, 17, 32, 102, 190, 341, 368, 613})
_PASSING = frozenset({-2, 1, 2, 104, 960})
_USE_CASE_LIMITS = range(80_000, 81_000)

_GONE = (
    "deprecated",
    "discontinued",
    "ended",
    "expired",
    "invalid",
    "no longer",
    "nonexistent",
    "nonexisting",
    "obsolete",
    "old version",
    "out of date",
    "outdated",
    "removed",
    "retired",
    "sunset",
    "undefined",
    "unknown",
    "unrecognized",
    "unsupported",
    "cannot find",
    "cannot query",
    "does not have",
    "has no",
    "no such",
    "non existent",
    "non existing",
    "not a supported",
    "not a valid",
    "not an available",
    "not available",
    "not defined",
    "not exist",
    "not found",
    "not one of",
    "not recognized",
    "not supported",
    "not valid",
    "update to",
    "upgrade to",
)
_GONE_FOR_GOOD = ("deprecated", "discontinued", "no longer", "removed", "retired", "sunset")
_APP = (
    "appsecret_proof",
    "source ip address",
    "validating application",
    "validating client secret",
    "api access blocked",
    "api access deactivated",
    "api access disabled",
    "data use checkup",
    "app not active",
    "app not setup",
    "app is not active",
    "app is not live",
    "invalid app id",
    "invalid application id",
)
_APP_WORDS = frozenset({"app", "application"})
_APP_ENDS = frozenset({"deactivated", "deleted", "disabled", "suspended"})
_DEVELOPMENT, _OF_ANOTHER_APP = "development mode", "created by an app"
_UNKNOWN_PATH = "unknown path components"
_FIELD_WORDS = frozenset({"column", "columns", "field", "fields", "metric", "metrics"})
_EDGE_WORDS = frozenset({"edge", "endpoint"})
_VERBS = frozenset({"are", "does", "has", "have", "is", "was", "were", "will"})
# What is said of fields, and hardly of what they hold.
_VERDICTS = frozenset({"deprecated", "field", "fields", "metric", "metrics"})
# Where a sentence begins to name what there is instead.
_ALTERNATIVES = ("must be one of", "allowed values", "valid fields are", "please use", "did you mean", " instead")
# Fields that are also words of a sentence about another field.
_ORDINARY_WORDS = frozenset({"id", "name", "status"})

_VERSION_WORDS = frozenset({"version", "versions"})
_QUALIFIERS = frozenset({"a", "ad", "ads", "an", "api", "facebook", "graph", "marketing", "meta", "the"})
# "… is deprecated for version 28" is about what stands before it.
_RELATIONS = frozenset({"after", "by", "for", "from", "in", "of", "on", "since", "to", "under", "using", "with"})
_CALLS = frozenset({"call", "calling", "calls", "request", "requests"})
_OF_A_VERSION = frozenset(
    {"api", "deprecated", "expired", "invalid", "latest", "newer", "old", "outdated", "this", "unknown", "unsupported"}
)
_OLD_API = tuple(f"deprecated {which} api" for which in ("ad", "ads", "graph", "marketing"))
_NEAR = 5  # words

_words = re.compile(r"\w+").findall
_indices = re.compile(r"fields\[(\d{1,3})\]").findall
_names_an_object = re.compile(r"\b\d{6,}\b").search
_long_numbers = re.compile(r"\d{6,}")


def asked_fields(params: Mapping[str, str]) -> Sequence[str]:
    """The fields or metrics that a call asks for, in their order."""
    return _words(f"{params.get('fields', '')},{params.get('metric', '')}")


def find_fault(text: str, code: int | None, asked: Sequence[str] = ()) -> Fault | None:
    """What a refusal of a call that `asked` for these fields finds wrong with the installation; None: nothing."""
    words = _plain(text)
    said = f" {' '.join(words)} "
    if code == VERSION_ENDED:
        return Fault.VERSION
    if code == _APP_INVALID or _is_of_app(words, said):
        return Fault.APP
    if find_refused_field(text, code, asked) is not None:
        return Fault.FIELD
    if _has(said, (_UNKNOWN_PATH,)):
        return Fault.ADDRESS
    if _has(said, _OLD_API) or (_has(said, _GONE) and _is_of_version(words)):
        return Fault.VERSION
    return Fault.CALL if _is_of_edge(words) and _names_an_object(text) is None else None


def find_refused_field(text: str, code: int | None, asked: Sequence[str]) -> str | None:
    """The field of this call that a refusal is about; None where it is about anything else.

    A field that can be done without needs no more than its name: without it the next answer tells.
    """
    if not asked or code in _NEVER_OF_A_FIELD or code in _USE_CASE_LIMITS:
        return None
    before = _before_alternatives(text.lower())
    words = _plain(before)
    field = next(iter(_named(before, words, asked)), None)
    if field is None:
        return None
    has_noun = not _FIELD_WORDS.isdisjoint(words)
    is_gone = _has(f" {' '.join(words)} ", _GONE) and (_is_no_other_word(field) or _is_called_field(words, field))
    is_of_object = _names_an_object(before) is not None
    if field in DISPENSABLE:
        return field if (is_gone and has_noun) or not (is_of_object or (code in _PASSING and not is_gone)) else None
    return field if is_gone and not is_of_object else None


def without_ids(text: str) -> str:
    """A sentence about the installation, the same for all accounts."""
    return _long_numbers.sub("…", text)


def _named(text: str, words: Sequence[str], asked: Sequence[str]) -> Iterable[str]:
    """Fields by their names, then those by their place in what was asked for."""
    yield from (word for word in words if word in asked and word not in _ORDINARY_WORDS)
    yield from (asked[int(place)] for place in _indices(text) if int(place) < len(asked))


def _is_no_other_word(field: str) -> bool:
    return field in RATIOS or not field.isalpha()


def _is_called_field(words: Sequence[str], field: str) -> bool:
    """Whether a name that is also a word, such as spend or targeting, stands for the field here."""
    if field not in words:
        return True
    place = words.index(field)
    before, after = words[max(0, place - 1) : place], words[place + 1 : place + 1 + _NEAR]
    is_field = after[:1] and after[0] in _FIELD_WORDS and not _VERBS.isdisjoint(after[1:2])
    is_verdict = not _VERBS.isdisjoint(after[:1]) and not _VERDICTS.isdisjoint(after)
    return not _FIELD_WORDS.isdisjoint(before) or bool(is_field) or is_verdict


def _before_alternatives(text: str) -> str:
    ends = [place for each in _ALTERNATIVES if (place := text.find(each)) >= 0]
    return text[: min(ends)] if ends else text


def _is_of_app(words: Sequence[str], said: str) -> bool:
    if _has(said, _APP) or (_has(said, (_DEVELOPMENT,)) and not _has(said, (_OF_ANOTHER_APP,))):
        return True
    return any(not _APP_ENDS.isdisjoint(after) for after in _after(words, _APP_WORDS))


def _is_of_edge(words: Sequence[str]) -> bool:
    return any(_has(f" {' '.join(after)} ", _GONE_FOR_GOOD) for after in _after(words, _EDGE_WORDS))


def _after(words: Sequence[str], which: frozenset[str]) -> Iterable[Sequence[str]]:
    return (words[place + 1 : place + 1 + _NEAR] for place, word in enumerate(words) if word in which)


def _is_of_version(words: Sequence[str]) -> bool:
    """Whether the version itself is what a sentence is about."""
    return any(
        _is_subject(words, place) and (_is_number(words, place) or _is_of_api(words, place))
        for place, word in enumerate(words)
        if word in _VERSION_WORDS or (word.startswith("v") and _is_number(words, place - 1))
    )


def _is_subject(words: Sequence[str], place: int) -> bool:
    """Whether a version is not only that in which something else is so."""
    before = [
        word for word in words[max(0, place - _NEAR) : place] if word not in _QUALIFIERS and word not in _VERSION_WORDS
    ]
    return not before or before[-1] not in _RELATIONS or (len(before) > 1 and before[-2] in _CALLS)


def _is_of_api(words: Sequence[str], place: int) -> bool:
    """Whether the version is one of the API, and not that of terms or templates."""
    after = words[place + 1 : place + 1 + _NEAR]
    if after[:1] == ["of"]:
        return "api" in after
    before = list(words[max(0, place - _NEAR) : place])
    while before and before[-1] in _QUALIFIERS and before[-1] != "api":
        before.pop()
    return _is_number(words, place - 1) or (bool(before) and before[-1] in _OF_A_VERSION)


def _is_number(words: Sequence[str], place: int) -> bool:
    """Whether the next word is a version's number, such as the v27 of v27.0, with the 0 after it."""
    number = words[place + 1 : place + 3]
    return place >= -1 and len(number) > 1 and number[0].removeprefix("v").isdecimal() and number[1].isdecimal()


def _plain(text: str) -> list[str]:
    return _words(text.lower().replace("\u2019", "'").replace("can't", "cannot").replace("n't", " not"))


def _has(said: str, phrases: Iterable[str]) -> bool:
    return any(f" {phrase} " in said for phrase in phrases)
