"""Processes that this one started, grandchildren whose parent has died included (Linux only)."""

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tests.support.wait import eventually

_PR_SET_CHILD_SUBREAPER = 36


class Descendant(NamedTuple):
    pid: int
    command: str


def adopt_orphans() -> None:
    """Make this process the parent of descendants whose own parent dies, so that `end_descendants` finds them."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def is_running(pid: int) -> bool:
    """Whether a process exists and is no zombie (an orphan stays one, as the test run adopts but does not reap it)."""
    return _parent(pid) is not None


def end_descendants(grace_seconds: float = 5.0) -> list[Descendant]:
    """Return the living descendants of this process that have not ended within the grace, killed."""
    with suppress(AssertionError):
        eventually(lambda: not descendants(), "no descendants", grace_seconds)
    found = descendants()
    for descendant in found:
        os.kill(descendant.pid, signal.SIGKILL)
    return found


def descendants() -> list[Descendant]:
    """Every living process that this one started, directly or not."""
    parents = {pid: parent for pid in _all_pids() if (parent := _parent(pid)) is not None}
    return [Descendant(pid, _command(pid)) for pid in parents if _descends(pid, os.getpid(), parents)]


def _descends(pid: int, ancestor: int, parents: dict[int, int]) -> bool:
    parent = parents.get(pid)
    return parent is not None and (parent == ancestor or _descends(parent, ancestor, parents))


def _all_pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]


def _parent(pid: int) -> int | None:
    """Return the parent of a process, None when it has ended or is a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, parent = stat.rpartition(")")[2].split()[:2]
    return None if state in "ZX" else int(parent)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ").strip()
    except (FileNotFoundError, ProcessLookupError):
        return "(ended)"
