"""A pause of the garbage collector while a large page is read.

A page of insights is thousands of objects that live until its rows are read and then go by their reference counts.
Without a pause the collector looks through them again and again: a tenth of the time that reading takes. To let it look
seldom altogether costs memory: what goes only by the collector (a job leaves 130 kB) would pile up meanwhile, 130 MB in
a thousand jobs.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def collector_paused() -> Generator[None]:
    """For a few milliseconds of plain computing; nothing is awaited within."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
