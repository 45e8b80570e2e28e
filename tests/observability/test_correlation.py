from __future__ import annotations

import asyncio
import re
from contextvars import Context

import pytest

from app.observability.correlation import begin_correlation, current_correlation_id


@pytest.mark.parametrize("offered", ["12345678", "a" * 64, "0af7651916cd43dd-8448_eb211c.80319c"])
def test_a_harmless_id_is_taken_over(offered: str) -> None:
    assert begin_correlation(offered) == offered
    assert current_correlation_id() == offered


@pytest.mark.parametrize(
    "offered", [None, "", "1234567", "a" * 65, "with space", "line\nbreak", "12345678\n", "<script>alert", "ééééééééé"]
)
def test_any_other_is_replaced(offered: str | None) -> None:
    made = begin_correlation(offered)
    assert re.fullmatch(r"[0-9a-f]{32}", made)
    assert current_correlation_id() == made
    assert begin_correlation(offered) != made


def test_outside_of_work_there_is_none() -> None:
    assert Context().run(current_correlation_id) is None


async def test_work_at_the_same_time_keeps_its_own() -> None:
    async def work(name: str) -> str | None:
        begin_correlation(name)
        await asyncio.sleep(0)
        return current_correlation_id()

    names = [f"request-{number}" for number in range(5)]
    assert await asyncio.gather(*map(work, names)) == names
