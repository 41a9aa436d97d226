"""Parses follows from lines of a file: viewer,target[,at], or a FollowEvent in proto3's JSON. Pure."""

from enum import StrEnum

from ingest.decode.follow_event import decode_follow, encode_follow
from ingest.events import Follow, Malformed
from ingest.sources.jsonl.event_lines import parse_event_line
from ingest.sources.message import Disposition, ParsedMessage, sent_message


class BadFollowReason(StrEnum):
    """Reason why a line is no follow, besides those of JSON lines. A closed set."""

    NOT_A_FOLLOW = "not_a_follow"
    BAD_ID = "bad_id"
    BAD_TIME = "bad_time"
    FUTURE = "future"


def parse_follow(line: bytes, now: int, skew: int) -> ParsedMessage:
    """Parse a line; never raises. now in Unix seconds: the time of a line without one. skew in seconds."""
    parsed = parse_event_line(line) if line.lstrip().startswith(b"{") else _parse_columns(line, now)
    if parsed.event is None:
        return parsed
    if not isinstance(parsed.event, Follow):
        return _dropped(BadFollowReason.NOT_A_FOLLOW, f"a {parsed.label}")
    if parsed.event.at > now + skew:
        return _dropped(BadFollowReason.FUTURE, f"at is {parsed.event.at - now} s ahead of the clock")
    return parsed


def _parse_columns(line: bytes, now: int) -> ParsedMessage:
    columns = [column.strip() for column in line.split(b",")]
    if len(columns) not in (2, 3) or not all(column.isdigit() and len(column) <= 19 for column in columns):
        return _dropped(BadFollowReason.NOT_A_FOLLOW, "neither viewer,target[,at] nor a FollowEvent in JSON")
    viewer_id, target_id, at = [*map(int, columns), now][:3]
    try:
        return sent_message(decode_follow(encode_follow(Follow(viewer_id, target_id, 0, at))))
    except Malformed as malformed:
        return _dropped(BadFollowReason(malformed.reason), malformed.detail)
    except ValueError:
        return _dropped(BadFollowReason.BAD_ID, "a number is above 2^63-1")


def _dropped(reason: BadFollowReason, detail: str) -> ParsedMessage:
    return ParsedMessage(Disposition.DROPPED, reason, detail=detail)
