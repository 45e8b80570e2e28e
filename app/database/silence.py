"""Whether the server behind a pool is silent: it takes what is sent to it and answers nothing.

A process notes for free when it last heard from the server. Only if that is a while ago does a caller who wants to know
ask, over a connection of its own, since those of the pool may all hang; callers share the question. A server that is
slow, or has no connection left for us, answers it.
"""

from __future__ import annotations

import asyncio
from contextvars import Context
from time import monotonic
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sqlalchemy.exc import DBAPIError

from app.database.connecting import open_line
from app.event_loop.patience import patience

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["has_answered_since", "is_silent", "note_answer"]

# A server heard from within this time is not asked.
QUIET_SECONDS = 2.0
# How long the server may take to answer.
ANSWER_SECONDS = 2.0

# When the server behind each pool last answered, by the monotonic clock.
_heard: WeakKeyDictionary[AsyncEngine, float] = WeakKeyDictionary()
_questions: WeakKeyDictionary[AsyncEngine, asyncio.Task[bool]] = WeakKeyDictionary()


def note_answer(engine: AsyncEngine) -> None:
    """The server has just answered."""
    _heard[engine] = monotonic()


def has_answered_since(engine: AsyncEngine, moment: float) -> bool:
    """Whether the server was heard from since this moment of the monotonic clock; nothing is asked."""
    return _heard.get(engine, 0.0) >= moment


async def is_silent(engine: AsyncEngine) -> bool:
    """Whether the server answers nothing. Takes at most ANSWER_SECONDS, and no time if it was heard from just now."""
    if has_answered_since(engine, monotonic() - QUIET_SECONDS):
        return False
    question = _questions.get(engine)
    if question is None or question.done():
        question = _questions[engine] = asyncio.create_task(_ask(engine), context=Context())
    return not await asyncio.shield(question)


async def _ask(engine: AsyncEngine) -> bool:
    """Whether the server answers. A refusal is an answer too, such as having no connection left for us."""
    line = open_line(engine.url)
    try:
        async with patience(ANSWER_SECONDS), line.connect() as connection:
            await connection.exec_driver_sql("SELECT")
    except OSError:  # TimeoutError is one
        return False
    except DBAPIError:
        pass
    note_answer(engine)
    return True
