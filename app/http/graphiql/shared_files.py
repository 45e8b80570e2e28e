"""Static files that are read once and sent to everyone from the same bytes.

Reading them again for each client would keep a piece of them for each one that reads slowly, of which there may be
hundreds.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    import os
    from os import PathLike

    from starlette.types import Scope

__all__ = ["SharedFiles"]

FILES_KEPT = 32


class SharedFiles(StaticFiles):
    """A folder of a few small files. They are sent whole, whatever range is asked for."""

    def file_response(
        self, full_path: PathLike[str] | str, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        if not isinstance(response, FileResponse):
            return response
        del response.headers["Accept-Ranges"]
        content = _read(str(full_path), stat_result.st_mtime_ns)
        return Response(content, status_code=response.status_code, headers=dict(response.headers))


@lru_cache(maxsize=FILES_KEPT)
def _read(path: str, _modified: int) -> bytes:
    return Path(path).read_bytes()
