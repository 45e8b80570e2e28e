"""Documents that are too long, too wide or too deep. Every one has an anonymous twin."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.hostile.operation import Expected, Operation, bounded, http, refused

if TYPE_CHECKING:
    from collections.abc import Callable

NODES = "nodes { id name }"


def _repeated(count: int) -> str:
    return "{ viewer { role " + "role " * count + "} }"


def _aliases(count: int) -> str:
    return "{ " + " ".join(f"a{place}: viewer {{ role }}" for place in range(count)) + " }"


def _aliased_lists(count: int) -> str:
    return "{ " + " ".join(f"a{place}: ads {{ totalCount }}" for place in range(count)) + " }"


def _duplicates(depth: int) -> str:
    """Each level selects the next twice, which the rule on overlapping fields compares pair by pair."""
    inner = "role"
    for _ in range(depth):
        inner = f"viewer {{ {inner} }} viewer {{ {inner} }}"
    return f"{{ {inner} }}"


def _tree(depth: int) -> str:
    """ads, their campaign, its ad sets, their ads, …"""
    inner = "id"
    for _ in range(depth):
        inner = f"campaign {{ adsets(first: 50) {{ nodes {{ ads(first: 50) {{ nodes {{ {inner} }} }} }} }} }}"
    return f"{{ ads(first: 100) {{ nodes {{ {inner} }} }} }}"


def _parents(depth: int) -> str:
    inner = "id"
    for _ in range(depth):
        inner = f"campaign {{ adAccount {{ id }} adsets(first: 1) {{ nodes {{ {inner} }} }} }}"
    return f"{{ adsets(first: 1) {{ nodes {{ {inner} }} }} }}"


def _nested(depth: int) -> str:
    return "{ viewer " + "{ seller " * depth + "{ id }" + " }" * (depth + 1)


def _deep_list(depth: int) -> str:
    return f"{{ nodes(ids: {'[' * depth}{']' * depth}) {{ id }} }}"


def _deep_object(depth: int) -> str:
    return "{ ads(filter: " + "{campaign: " * depth + "null" + "}" * depth + ") { totalCount } }"


def _unclosed(depth: int) -> str:
    return "{ viewer " * depth


def _operations(count: int) -> str:
    return " ".join(f"query q{place} {{ viewer {{ role }} }}" for place in range(count))


def _anonymous_operations(count: int) -> str:
    return "{ viewer { role } } " * count


def _unknown_fields(count: int) -> str:
    return "{ " + " ".join(f"nothing{place}" for place in range(count)) + " }"


def _unknown_arguments(count: int) -> str:
    return "{ ads(" + " ".join(f"nothing{place}: 1" for place in range(count)) + ") { totalCount } }"


def _similar_names(count: int) -> str:
    """Every unknown name is compared with all names that there are, for the sake of suggestions."""
    return "{ viewer { " + " ".join(f"permission{'s' * (place % 50)}x{place}" for place in range(count)) + " } }"


def _conflicting_fields(count: int) -> str:
    """Fields of one response name with differing arguments, each with misspelled names inside."""
    return "{ " + " ".join(f"ads(filte{n}: {{statu{n}: ACTIV{n}}}) {{ totalCoun{n} }}" for n in range(count)) + " }"


def _similar_values(count: int) -> str:
    return "{ ads(orderBy: [" + "{field: COST_PER_PURCHASS} " * count + "]) { totalCount } }"


def _operation(name: str, document: Callable[[], str], expected: Expected, kind: str) -> Operation:
    return Operation(name=name, kind=kind, make=lambda: http(document()), expected=expected)


_SIZES: list[tuple[str, str, Callable[[int], str], dict[int, Expected]]] = [
    ("fields", "repeated field", _repeated, {100: refused(), 1_000: refused(), 10_000: refused(), 100_000: refused()}),
    ("fields", "aliases of the viewer", _aliases, {50: refused(), 1_000: refused(), 10_000: refused()}),
    ("fields", "aliased lists", _aliased_lists, {10: bounded(), 100: refused(), 5_000: refused()}),
    ("fields", "duplicate sub-selections", _duplicates, {5: refused(), 10: refused(), 14: refused()}),
    ("fields", "unknown fields", _unknown_fields, {100: refused(), 10_000: refused(), 60_000: refused()}),
    ("fields", "unknown arguments", _unknown_arguments, {100: refused(), 10_000: refused()}),
    ("fields", "names similar to a field", _similar_names, {100: refused(), 5_000: refused()}),
    ("fields", "fields that conflict", _conflicting_fields, {30: refused(steps=60_000), 100: refused()}),
    ("fields", "values similar to an enum's", _similar_values, {2: refused(steps=45_000), 100: refused(steps=60_000)}),
    ("depth", "ads under campaigns under ads", _tree, {1: bounded(), 2: refused(), 5: refused(), 50: refused()}),
    ("depth", "ad sets and campaigns in a circle", _parents, {2: bounded(), 10: refused(), 100: refused()}),
    ("depth", "nested selections", _nested, {20: refused(), 500: refused(), 50_000: refused()}),
    ("depth", "nested list literal", _deep_list, {20: refused(), 500: refused(), 200_000: refused()}),
    ("depth", "nested object literal", _deep_object, {20: refused(), 500: refused(), 50_000: refused()}),
    ("depth", "braces that never close", _unclosed, {100: refused(), 50_000: refused()}),
    ("operations", "named operations", _operations, {100: refused(), 5_000: refused(), 20_000: refused()}),
    ("operations", "operations without a name", _anonymous_operations, {100: refused(), 20_000: refused()}),
]
OPERATIONS = [
    _operation(f"{name}, {size:,}", partial(document, size), expected, kind)
    for kind, name, document, sizes in _SIZES
    for size, expected in sizes.items()
]
