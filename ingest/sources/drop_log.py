"""Log lines about messages that a source had to drop: enough to find the cause, never a flood."""

import logging

from common.one_line import one_short_line
from common.throttle import Throttle
from ingest.sources.source import Heard

_log = logging.getLogger("thunder.source")


class DropLog:
    """One line for a dropped message, at most one per interval."""

    def __init__(self, source: str, interval_seconds: float = 1.0) -> None:
        self._source = source
        self._throttle = Throttle(interval_seconds)
        self._unsaid = 0

    def dropped(self, heard: Heard, now: float) -> None:
        """The message could not be read. now: seconds of any clock."""
        self._unsaid += 1
        if self._throttle.lets_pass(now):
            more = f" (and {self._unsaid - 1} more since the last such line)" if self._unsaid > 1 else ""
            detail = one_short_line(heard.detail)
            _log.warning("%s: a message is dropped, %s: %s%s", self._source, heard.label, detail, more)
            self._unsaid = 0
