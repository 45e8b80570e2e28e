"""Every hostile operation, judged by counts alone: refused for what it is, or answered within its bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hostile.catalogue import OPERATIONS, TWINS
from tests.hostile.outcome import faults

if TYPE_CHECKING:
    from tests.hostile.operation import Operation
    from tests.hostile.stage import Stage

IN_PROCESS = [operation for operation in (*OPERATIONS, *TWINS) if operation.kind not in {"wires", "floods"}]


@pytest.mark.parametrize("operation", IN_PROCESS, ids=map(str, IN_PROCESS))
async def test_operation(stage: Stage, operation: Operation) -> None:
    outcome, cost = await stage.suffer(operation)
    assert faults(outcome, cost, operation.expected) == []


def test_the_catalogue_is_large_and_names_everything_once() -> None:
    names = [str(operation) for operation in (*OPERATIONS, *TWINS)]
    assert len(set(names)) == len(names)
    assert len(OPERATIONS) >= 200
