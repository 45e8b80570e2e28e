"""Frees what the frames of failed work hold, without the garbage collector.

graphql-core's frames, which an error's traceback refers to, refer to that error and to the tasks beside it: otherwise
all that they hold, a hundred thousand objects of a large answer, would stay until the next full collection, which then
holds the event loop for a second.
"""

from __future__ import annotations

__all__ = ["forget_frames"]


def forget_frames(error: BaseException) -> None:
    """Drop the frames of the error and of the errors that caused it."""
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and one.__traceback__ is not None:
            one.__traceback__ = None
            waiting += [one.__cause__, one.__context__, getattr(one, "original_error", None)]
