"""Certificates, keys and tokens in files: replaced while the process runs, keys without a password."""

from collections.abc import Sequence
from pathlib import Path

Stamp = tuple[tuple[int, int, int], ...]


class WatchedFiles:
    """Tells when one of some files is not what it was. For one thread at a time."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._seen: Stamp | None = None

    def changed(self) -> bool:
        """Whether a file was replaced, written or restored since the last call; True at the first one.

        OSError when one is missing.
        """
        stamp = tuple(_stamp(path) for path in self._paths)
        changed, self._seen = stamp != self._seen, stamp
        return changed

    def forget(self) -> None:
        """What they hold could not be used: the next changed() is True, for it may have been for a moment only."""
        self._seen = None


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def no_password() -> str:
    """Refuse to tell one. Without it, Python's ssl asks on the terminal and waits. OSError."""
    raise OSError("the key is encrypted: give one without a password")
