"""Files of certificates, keys and tokens: replaced while the process runs, keys without a password."""

from collections.abc import Sequence
from pathlib import Path

Stamp = tuple[tuple[int, int, int], ...]


class WatchedFiles:
    """Detects that one of some files was changed. For one thread at a time."""

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
        """Make the next changed() True: the content could not be used, which may have been so for a moment only."""
        self._seen = None


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def refuse_encrypted_key() -> str:
    """Raise OSError in place of a password. Without it, Python's ssl asks on the terminal and waits."""
    raise OSError("the key is encrypted: use a key file without a password")
