"""A folder for programs that tests fetch or build once per user."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


def user_cache() -> Path:
    """Return the folder of what is kept; it may not exist yet."""
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches) / "thunder-tests"


@contextmanager
def one_at_a_time(lock: Path) -> Generator[None]:
    """Wait until no other process is inside with the same lock file."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
