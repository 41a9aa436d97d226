"""`thunder follows import`: a file of follows into Redis, with a bar on a terminal."""

import os
import stat
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import BinaryIO

from rich.console import Console
from rich.progress import Progress

from common.errors import ConfigurationError
from common.settings.follows import FollowSettings
from ingest.follows.editor import FollowListEditor
from ingest.follows.importer import Imported, import_follows
from ingest.follows.lines import parse_follow
from ingest.sources.jsonl.lines import numbered_lines
from thunder.cli.exit_codes import ExitCode
from thunder.cli.follow_output import show_import


def import_file(lists: FollowListEditor, settings: FollowSettings, operands: Sequence[str]) -> int:
    """Import the file that the only operand names; the exit code: refused when no line of it is a follow."""
    now, started = int(time.time()), time.monotonic()
    with _opened(operands[0]) as file, _bar() as bar:
        task = bar.add_task("follows", total=_size(file))

        def progress(imported: Imported) -> None:
            read = file.tell() if file.seekable() else None
            bar.update(task, completed=read, description=f"{imported.applied:,} applied")

        hear = partial(parse_follow, now=now, skew=settings.clock_skew_seconds)
        imported = import_follows((line.heard(hear) for line in numbered_lines(file)), lists.write, progress)
    show_import(imported, time.monotonic() - started, as_json=settings.as_json)
    return ExitCode.REFUSED if imported.lines and not imported.applied else ExitCode.DONE


def _opened(name: str) -> AbstractContextManager[BinaryIO]:
    if name == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise ConfigurationError(f"cannot read {name}: {error.strerror}") from error


def _size(file: BinaryIO) -> int | None:
    """Bytes of a file, None of a pipe."""
    held = os.fstat(file.fileno())
    return held.st_size if stat.S_ISREG(held.st_mode) else None


def _bar() -> Progress:
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal or console.is_dumb_terminal)
