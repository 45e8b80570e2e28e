"""All hostile operations, and the anonymous twins of those that need no seller's data to hurt."""

from __future__ import annotations

from tests.hostile.operation import Operation, as_anonymous
from tests.hostile.operations import (
    crowds,
    documents,
    floods,
    fragments,
    heavy,
    identifiers,
    introspection,
    lexical,
    lists,
    requests,
    sockets,
    variables,
    wires,
)

_WITH_TWINS = (documents, fragments, lexical, variables, introspection)
_WITHOUT = (lists, heavy, identifiers, requests, sockets, crowds, wires, floods)

OPERATIONS: tuple[Operation, ...] = tuple(
    operation for module in (*_WITH_TWINS, *_WITHOUT) for operation in module.OPERATIONS
)
TWINS: tuple[Operation, ...] = tuple(as_anonymous(each) for module in _WITH_TWINS for each in module.OPERATIONS)
