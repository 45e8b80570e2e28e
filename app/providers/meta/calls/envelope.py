"""Whether an answer says that its call failed: Meta's `error`, or any other sign of one, in whatever form it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from app.providers.meta.values.node import Node

if TYPE_CHECKING:
    from collections.abc import Mapping

_ERROR = "error"
_DATA = "data"
# What stands beside an answer and is none itself.
_AROUND_DATA = frozenset({_DATA, "paging", "summary"})
# Names of signs, in lower case and without what joins their words; so is every name that begins with `error`.
_FAULTS = frozenset({"exception", "fault"})
_SUCCESSES = frozenset({"success", "ok", "issuccess"})
_STATUSES = frozenset({"status"})
_BAD_STATUSES = frozenset({"error", "fail", "failed", "failure"})
_NOTHING = frozenset({"", "0", "none", "null", "false"})
# What signs beside `error` say, by the field of Graph's own error that would say it.
_WORDS = {
    "errorcode": "code",
    "errorsubcode": "error_subcode",
    "errormessage": "message",
    "errormsg": "message",
    "errordescription": "message",
    "errorreason": "message",
    "errorusertitle": "error_user_title",
    "errorusermsg": "error_user_msg",
    "errortype": "type",
}


def find_error(body: Node, *, is_success: bool) -> Node | None:
    """What an answer says of its error; None where it says nothing.

    An `error` that is an object with content is one always. Any other sign is one where the call failed (`is_success`:
    its status says that it did not), or where nothing that was asked for came with it: an empty list is nothing.
    """
    value = body.fields.get(_ERROR)
    if value and isinstance(value, dict):
        return _node(cast("dict[str, object]", value))
    signs = _signs(body.fields)
    if not signs or (is_success and _has_content(body.fields, signs)):
        return None
    if _is_all_success(signs) and (not is_success or _DATA not in body.fields):
        return None  # what it means there the caller knows
    return _in_words(signs)


def sign_beside_rows(body: Node) -> Mapping[str, object] | None:
    """The signs of an error beside rows that came all the same; None without either."""
    if not body.fields.get(_DATA):
        return None
    return _signs(body.fields) or None


def _signs(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if name != _DATA and _is_sign(_plain(name), value)}


def _is_sign(name: str, value: object) -> bool:
    if name in _SUCCESSES:
        return value is False or (isinstance(value, str) and value.strip().lower() in {"false", "no"})
    if name in _STATUSES:
        return isinstance(value, str) and value.strip().lower() in _BAD_STATUSES
    if name.startswith(_ERROR) or name in _FAULTS:
        return bool(value) and not (isinstance(value, str) and value.strip().lower() in _NOTHING)
    return False


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _has_content(fields: Mapping[str, object], signs: Mapping[str, object]) -> bool:
    if _DATA in fields:
        return bool(fields[_DATA])
    return any(name not in signs and name not in _AROUND_DATA for name in fields)


def _is_all_success(signs: Mapping[str, object]) -> bool:
    return all(_plain(name) in _SUCCESSES | _STATUSES for name in signs)


def _in_words(signs: Mapping[str, object]) -> Node:
    """Graph's own error as far as the signs tell one: an object among them, or their codes and texts."""
    for value in signs.values():
        for each in cast("list[object]", value) if isinstance(value, list) else [value]:
            if each and isinstance(each, dict):
                return _node(cast("dict[str, object]", each))
    fields: dict[str, object] = {}
    for name, value in signs.items():
        text = _text(value)
        if (field := _WORDS.get(_plain(name))) is not None:
            fields.setdefault(field, value)
        elif text is not None and _plain(name) not in _STATUSES | _SUCCESSES:
            fields.setdefault("message", text)
    if not fields.get("message") and _is_all_success(signs):
        fields["message"] = "the call had no success"
    return _node(fields)


def _text(value: object) -> str | None:
    """A text, or the first one of a list."""
    each = next((each for each in cast("list[object]", value) if each), None) if isinstance(value, list) else value
    return each if isinstance(each, str) else None


def _node(fields: dict[str, object]) -> Node:
    return Node(fields, "the body.error")
