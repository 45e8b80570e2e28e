"""Requests go first, and what gives way still comes to its end."""

from __future__ import annotations

import asyncio

import pytest

from app.services.limits import precedence
from app.services.limits.precedence import Precedence


@pytest.fixture
def pieces() -> list[int]:
    return []


async def work(own: Precedence, pieces: list[int], count: int) -> None:
    for piece in range(count):
        await own.give_way()
        pieces.append(piece)


async def turn(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_no_piece_runs_while_a_request_does(pieces: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precedence, "MOST_SECONDS", 3600)
    own = Precedence()
    with own.request():
        with own.request():
            working = asyncio.create_task(work(own, pieces, 3))
            await turn()
        await turn()
        assert pieces == []
    await working
    assert pieces == [0, 1, 2]


async def test_others_have_a_turn_between_any_two_pieces(pieces: list[int]) -> None:
    seen: list[int] = []
    working = asyncio.create_task(work(Precedence(), pieces, 3))
    while not working.done():
        await asyncio.sleep(0)
        seen.append(len(pieces))
    assert {0, 1, 2} <= set(seen)


async def test_who_gives_way_is_not_starved(pieces: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precedence, "MOST_SECONDS", 0.001)
    own = Precedence()
    with own.request():
        await work(own, pieces, 3)
    assert pieces == [0, 1, 2]
