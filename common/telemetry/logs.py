"""Log lines on stderr: text, or one JSON object each. Times are UTC."""

import json
import logging
import sys
import time
from typing import TextIO

from common.settings.process import LogFormat, LogLevel
from common.telemetry.tracing import current_ids

_SHORT = 160  # characters


def one_short_line(text: str) -> str:
    """The beginning of a text from outside, fit for a log or a terminal: a space for what cannot be printed."""
    return "".join(character if character.isprintable() else " " for character in text[:_SHORT])


def configure_logs(level: LogLevel, layout: LogFormat, stream: TextIO | None = None) -> None:
    """Send every log line of the process to the stream (stderr) from now on. Call once, before anything logs."""
    lines = logging.StreamHandler(stream or sys.stderr)
    lines.setFormatter(JsonLines() if layout is LogFormat.JSON else TextLines())
    logging.basicConfig(level=level.upper(), handlers=[lines], force=True)
    logging.captureWarnings(capture=True)


class TextLines(logging.Formatter):
    """`2026-11-20T12:00:00Z INFO thunder.ingest: message`, a traceback on lines of its own."""

    converter = time.gmtime

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")


class JsonLines(logging.Formatter):
    """{"time", "level", "logger", "message"}, in a traced span its ids, and "exception" when there is one.

    time in UTC with milliseconds.
    """

    converter = time.gmtime
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        """The record on one line."""
        line = {
            "time": self.formatTime(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if ids := current_ids():
            line |= ids._asdict()
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
