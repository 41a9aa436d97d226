"""What a line of a Jetstream is to whoever counts and sends: sent, ignored or dropped, and under which word. Pure."""

from ingest.sources.jetstream import IgnoredKind, Line, read_line
from ingest.sources.json_line import BadLine
from ingest.sources.sent_kind import sent
from ingest.sources.source import Fate, Heard


def hear_line(line: bytes | str) -> Heard:
    """Read one line of JSON; never raises. Its position is the time of the event, in microseconds as text.

    label: a SentKind, an IgnoredKind, or a BadLineReason for what is dropped.
    """
    try:
        read = read_line(line)
    except BadLine as bad:
        return Heard(Fate.DROPPED, bad.reason, detail=str(bad))
    return _heard(read)


def _heard(line: Line) -> Heard:
    position = str(line.time_us)
    if isinstance(line.outcome, IgnoredKind):
        return Heard(Fate.IGNORED, line.outcome, position=position)
    return sent(line.outcome, position, has_bad_date=line.has_bad_date)
