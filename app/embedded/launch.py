"""Becomes the command given, after tying its life to that of the process that asked for it.

    python -I -S launch.py PARENT DEATH_SIGNAL IDENTITY COMMAND...

IDENTITY is `same`, `namespace` (root appears as nobody in a user namespace of its own: PostgreSQL refuses root, and
this way keeps root's access to files of root) or a number, the user to become.
Runs on its own, before anything of the project: it imports the standard library only.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import time
from pathlib import Path

NOBODY = 65534
REFUSED = 121
"""Exit code: the kernel doesn't allow this identity here."""

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000


def _become_nobody_in_a_namespace(libc: ctypes.CDLL) -> None:
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {group} 1", encoding="ascii")


def _become_user(user: int) -> None:
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)


def _take_identity(libc: ctypes.CDLL, identity: str) -> None:
    if identity == "namespace":
        _become_nobody_in_a_namespace(libc)
    elif identity != "same":
        _become_user(int(identity))


def _die_with(parent: int, death_signal: int, libc: ctypes.CDLL) -> None:
    """Ask the kernel for `death_signal` at the parent's end.

    It follows the parent's *thread* that started us, and a change of credentials forgets it: so the caller starts
    children from its main thread, and this comes after the change of identity.
    """
    libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)


def _watch_from_outside(parent: int, death_signal: int) -> None:
    """Where the kernel has no death signal (macOS): an orphaned watcher does the same, a little later."""
    child = os.getpid()
    if os.fork() != 0:
        return
    if os.fork() != 0:
        os._exit(0)
    os.closerange(0, 1024)
    while _lives(parent) and _lives(child):
        time.sleep(0.2)
    if _lives(child):
        os.kill(child, death_signal)
    os._exit(0)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def main(arguments: list[str]) -> None:
    """Never returns: the process is the command, or has ended."""
    parent, death_signal, identity, *command = arguments
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        _take_identity(libc, identity)
    except OSError as error:
        print(f"cannot run as {identity}: {error}", file=sys.stderr)  # noqa: T201  # stderr is this program's only voice
        sys.exit(REFUSED)
    if sys.platform == "linux":
        _die_with(int(parent), int(death_signal), libc)
    else:
        _watch_from_outside(int(parent), int(death_signal))
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)  # a shell that puts us into the background lets them be ignored
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no core dumps: they would fill a full disk up
    os.execv(command[0], command)  # noqa: S606  # becoming the command is the purpose


if __name__ == "__main__":
    main(sys.argv[1:])
