"""What a line of a Jetstream is to whoever counts and sends: sent, ignored or dropped, and under which word. Pure."""

from ingest.sources.bluesky.jetstream import IgnoredKind, Line, read_line
from ingest.sources.json_line import BadLine
from ingest.sources.message import Disposition, ParsedMessage, sent_message


def parse_jetstream_line(line: bytes | str) -> ParsedMessage:
    """Read one line of JSON; never raises. Its position is the time of the event, in microseconds as text.

    label: a SentKind, an IgnoredKind, or a BadLineReason for what is dropped.
    """
    try:
        read = read_line(line)
    except BadLine as bad:
        return ParsedMessage(Disposition.DROPPED, bad.reason, detail=str(bad))
    return _heard(read)


def _heard(line: Line) -> ParsedMessage:
    position = str(line.time_us)
    if isinstance(line.outcome, IgnoredKind):
        return ParsedMessage(Disposition.IGNORED, line.outcome, position=position)
    return sent_message(line.outcome, position, has_bad_date=line.has_bad_date)
