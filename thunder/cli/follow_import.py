"""`thunder follows import`: writes a file of follows to Redis, with a progress bar on a terminal."""

import json
import os
import stat
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import BinaryIO

from rich.console import Console
from rich.progress import Progress

from common.errors import ConfigurationError
from common.settings.follows import FollowImportSettings
from ingest.follows.importer import Imported, import_follows
from ingest.follows.lines import parse_follow
from ingest.sources.jsonl.lines import numbered_lines
from thunder.cli.exit_codes import ExitCode
from thunder.cli.follows import follow_lists, overflow


def import_file(settings: FollowImportSettings) -> int:
    """Run `thunder follows import`; the exit code: REFUSED when no line is a follow. Raises ThunderError."""
    now, started = int(time.time()), time.monotonic()
    with _opened(settings.path) as file, follow_lists(settings) as lists, _bar() as bar:
        task = bar.add_task("follows", total=_size(file))

        def progress(imported: Imported) -> None:
            read = file.tell() if file.seekable() else None
            bar.update(task, completed=read, description=f"{imported.applied:,} applied")

        parse = partial(parse_follow, now=now, skew=settings.clock_skew_seconds)
        imported = import_follows((line.parse(parse) for line in numbered_lines(file)), lists.write, progress)
    seconds = time.monotonic() - started
    for example in imported.examples:
        print(example, file=sys.stderr)
    print(json.dumps(_as_json(imported, seconds)) if settings.as_json else _summary(imported, seconds))
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


def _summary(imported: Imported, seconds: float) -> str:
    dropped = ", ".join(f"{reason} {count:,}" for reason, count in imported.dropped.most_common())
    return (
        f"{imported.lines:,} lines, {imported.applied:,} follows and removals applied in {seconds:.1f} s"
        f"{overflow(imported.given_up)}; dropped: {dropped or 'none'}"
    )


def _as_json(imported: Imported, seconds: float) -> dict[str, object]:
    return {
        "lines": imported.lines,
        "applied": imported.applied,
        "given_up": imported.given_up,
        "dropped": imported.dropped,
        "examples": imported.examples,
        "seconds": round(seconds, 3),
        "applied_per_second": round(imported.applied / seconds, 1),
    }
