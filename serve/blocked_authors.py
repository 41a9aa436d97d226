"""The authors that are never served, from a file of --blocked-authors-file that may change while the server runs."""

import logging
import time
from collections.abc import Iterable
from pathlib import Path

from common.errors import ConfigurationError
from common.ids import parse_id
from common.timing import RateLimiter
from common.tls_files import WatchedFiles

log = logging.getLogger("thunder.serve")

_SECONDS_BETWEEN_CHECKS = 1.0
_PREVIEW = 40


def author_ids(lines: Iterable[str]) -> frozenset[int]:
    """Ids of a file: one a line, blank lines and lines that begin with # left out. ValueError names the bad line."""
    ids: set[int] = set()
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        author = parse_id(text)
        if author is None:
            raise ValueError(f"line {number}: {text[:_PREVIEW]!r} is not an id from 1 to 2^63-1")
        ids.add(author)
    return frozenset(ids)


class BlockedAuthors:
    """The ids of the file, read again when it changes; a bad one leaves the last good ids in force. For one thread."""

    def __init__(self, path: str | None) -> None:
        """None: no author is blocked. ConfigurationError when the file cannot be used."""
        self._path = Path(path) if path else None
        self._watched = WatchedFiles([self._path] if self._path else [])
        self._due = RateLimiter(_SECONDS_BETWEEN_CHECKS)
        self._last_error = ""
        self._ids: frozenset[int] = frozenset()
        if self._path:
            try:
                self._read(self._path)
            except (OSError, ValueError) as error:
                raise ConfigurationError(f"{self._path} (--blocked-authors-file): {error}") from error

    def current(self) -> frozenset[int]:
        """The ids in force. Looks for a new version of the file once per second at most."""
        if self._path is not None and self._due.allow(time.monotonic()):
            try:
                self._read(self._path)
            except (OSError, ValueError) as error:
                self._keep(error)
        return self._ids

    def _read(self, path: Path) -> None:
        if self._watched.changed():
            with path.open(encoding="utf-8") as lines:
                self._ids = author_ids(lines)
            self._last_error = ""
            log.info("Blocked authors read: %d ids are never served", len(self._ids))

    def _keep(self, error: Exception) -> None:
        self._watched.forget()
        if str(error) != self._last_error:
            self._last_error = str(error)
            log.error("New blocked authors cannot be read, the last %d stay in force: %s", len(self._ids), error)
