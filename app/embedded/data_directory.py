"""The directory that one installation lives in: private, marked as ours, used by one run at a time.

.pixecom       the mark: without it nothing in here is ever deleted
lock           who uses it now
secrets.json   generated passwords and keys
instance.json  where the running instance listens (written by `up`)
postgres-18/, valkey-9/, logs/
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from app.clock import now
from app.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

MARK = ".pixecom"
_DYING_OWNER_SECONDS = 15


class DataDirectory:
    """An opened data directory; this process is its only user until `close`."""

    def __init__(self, path: Path, lock_descriptor: int) -> None:
        self.path = path
        self.lock_descriptor = lock_descriptor
        """Servers inherit it: the directory stays locked until the last of them has ended."""

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    def close(self) -> None:
        """Let the next run in."""
        os.close(self.lock_descriptor)

    def clear(self) -> None:
        """Delete everything in it but the mark and the lock."""
        for entry in self.path.iterdir():
            if entry.name in {MARK, "lock"}:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()


def open_data_directory(path: Path, *, user: str) -> DataDirectory:
    """Make the directory where there is none, and take it for this process; `user` is what runs, for the next comer.

    Raises SetupError when another run uses it, it is not ours, or it can't be written.
    """
    path = path.resolve()
    try:
        _make_ours(path)
        descriptor = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SetupError(
            f"The data directory {path} can't be used: {_reason(error)}. Pass another one with --data-dir."
        ) from None
    _take_lock(descriptor, path)
    owner = {"pid": os.getpid(), "user": user, "since": now().isoformat(timespec="seconds")}
    os.ftruncate(descriptor, 0)
    with suppress(OSError):  # only informs a second process that tries to start here; a full disk has no room for it
        os.pwrite(descriptor, json.dumps(owner).encode(), 0)
    return DataDirectory(path, descriptor)


def _reason(error: OSError) -> str:
    """As people say it: for a file where a directory should be, the system says `File exists`."""
    if isinstance(error, FileExistsError):
        return "it is a file"
    if isinstance(error, NotADirectoryError):
        return "a part of its path is a file"
    return (error.strerror or type(error).__name__).lower()


def is_in_use(path: Path) -> bool:
    """Whether a run, or a server of one that was killed, uses the directory now.

    Raises OSError if its lock can't be opened, as that of another user.
    """
    try:
        descriptor = os.open(path / "lock", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _make_ours(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (path / MARK).exists():
        return
    if any(path.iterdir()):
        raise SetupError(
            f"The directory {path} is not empty and not a data directory of PixEcom; pass another one with --data-dir."
        )
    path.chmod(0o700)
    (path / MARK).write_text("A data directory of PixEcom Ads; `pixecom up --reset` may delete what is in it.\n")


def _take_lock(descriptor: int, path: Path) -> None:
    """Servers of an owner that was killed may need a moment to end: wait for them, but not for a living owner."""
    deadline = time.monotonic() + _DYING_OWNER_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = _owner_sentence(descriptor)
            if owner or time.monotonic() > deadline:
                os.close(descriptor)
                raise SetupError(
                    f"The data directory {path} is in use by {owner or 'servers of an earlier run'}; "
                    "stop that run, or pass another directory with --data-dir."
                ) from None
            time.sleep(0.05)
        else:
            return


def _owner_sentence(descriptor: int) -> str | None:
    """Who holds the lock, if that process is alive."""
    content = os.pread(descriptor, 1000, 0)
    if not content:
        return None
    owner: dict[str, str | int] = json.loads(content)
    try:
        os.kill(int(owner["pid"]), 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return f"`{owner['user']}` (process {owner['pid']}, since {owner['since']})"
