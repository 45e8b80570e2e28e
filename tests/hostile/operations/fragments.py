"""Fragments that multiply or go in circles, and directives by the thousand. Every one has an anonymous twin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.hostile.operation import Expected, Operation, bounded, http, refused

if TYPE_CHECKING:
    from collections.abc import Callable


def _doubling(levels: int) -> str:
    """2^n fields out of n fragments."""
    steps = [
        f"fragment F{level} on Viewer {{ ...F{level + 1} a{level}: role ...F{level + 1} }}" for level in range(levels)
    ]
    return " ".join(["{ viewer { ...F0 } }", *steps, f"fragment F{levels} on Viewer {{ role }}"])


def _chain(levels: int) -> str:
    steps = [f"fragment F{level} on Viewer {{ ...F{level + 1} }}" for level in range(levels)]
    return " ".join(["{ viewer { ...F0 } }", *steps, f"fragment F{levels} on Viewer {{ role }}"])


def _circle(levels: int) -> str:
    steps = [f"fragment F{level} on Viewer {{ ...F{(level + 1) % levels} }}" for level in range(levels)]
    return " ".join(["{ viewer { ...F0 } }", *steps])


def _complete_graph(count: int) -> str:
    """Everyone spreads everyone: the circles to be found are as many as their paths."""
    spreads = " ".join(f"...F{place}" for place in range(count))
    return " ".join(
        ["{ viewer { ...F0 } }", *(f"fragment F{place} on Viewer {{ {spreads} }}" for place in range(count))]
    )


def _same_spread(count: int) -> str:
    return "{ viewer { " + "...F " * count + "} } fragment F on Viewer { role permissions }"


def _overlapping(count: int) -> str:
    """Pairs of fragments that must all be compared with each other."""
    fragments = [f"fragment F{place} on Query {{ viewer {{ role x{place}: role }} }}" for place in range(count)]
    return " ".join(["{ " + " ".join(f"...F{place}" for place in range(count)) + " }", *fragments])


def _inline(depth: int) -> str:
    return "{ viewer { " + "... on Viewer { " * depth + "role" + " }" * depth + " } }"


def _unused(count: int) -> str:
    return " ".join(["{ viewer { role } }", *(f"fragment F{place} on Viewer {{ role }}" for place in range(count))])


def _unknown(count: int) -> str:
    return "{ viewer { " + " ".join(f"...F{place}" for place in range(count)) + " } }"


def _skips(count: int) -> str:
    return "{ viewer { role " + "@include(if: true) " * count + "} }"


def _skips_on_operation(count: int) -> str:
    return "query " + "@skip(if: false) " * count + "{ viewer { role } }"


def _skipped_fields(count: int) -> str:
    return "{ viewer { " + " ".join(f"a{place}: role @skip(if: true)" for place in range(count)) + " role } }"


def _unknown_directives(count: int) -> str:
    return "{ viewer { role " + " ".join(f"@nothing{place}" for place in range(count)) + " } }"


def _circular_document() -> str:
    return """{ ads(first: 100) { nodes { ...A } } }
    fragment A on Ad { campaign { ...C } } fragment C on Campaign { adsets(first: 50) { nodes { ...S } } }
    fragment S on Adset { ads(first: 50) { nodes { ...A } } }"""


_SIZES: list[tuple[str, str, Callable[[int], str], dict[int, Expected]]] = [
    ("fragments", "fragments that double", _doubling, {5: bounded(), 12: bounded(), 20: bounded(), 200: refused()}),
    ("fragments", "chain of fragments", _chain, {10: bounded(), 200: refused(), 10_000: refused()}),
    ("fragments", "circle of fragments", _circle, {1: refused(), 10: refused(), 1_000: refused(), 10_000: refused()}),
    ("fragments", "everyone spreads everyone", _complete_graph, {8: refused(), 40: refused(), 300: refused()}),
    ("fragments", "same spread", _same_spread, {100: bounded(), 10_000: refused(), 100_000: refused()}),
    ("fragments", "overlapping fragments", _overlapping, {10: bounded(), 300: refused(), 5_000: refused()}),
    ("fragments", "inline fragments in each other", _inline, {10: bounded(), 500: refused(), 30_000: refused()}),
    ("fragments", "unused fragments", _unused, {100: refused(), 10_000: refused()}),
    ("fragments", "unknown fragments", _unknown, {100: refused(), 10_000: refused()}),
    ("directives", "@include on a field", _skips, {1_000: refused(), 50_000: refused()}),
    ("directives", "@skip on the operation", _skips_on_operation, {1_000: refused(), 50_000: refused()}),
    ("directives", "fields that are skipped", _skipped_fields, {20: bounded(), 10_000: refused()}),
    ("directives", "unknown directives", _unknown_directives, {100: refused(), 10_000: refused()}),
]


def _sized(kind: str, name: str, document: Callable[[int], str], size: int, expected: Expected) -> Operation:
    return Operation(name=f"{name}, {size:,}", kind=kind, make=lambda: http(document(size)), expected=expected)


OPERATIONS = [
    *(
        _sized(kind, name, document, size, expected)
        for kind, name, document, sizes in _SIZES
        for size, expected in sizes.items()
    ),
    Operation(
        name="ads, campaigns and ad sets in a circle of fragments",
        kind="fragments",
        make=lambda: http(_circular_document()),
        expected=refused(),
    ),
]
