"""Parses events from lines of JSON: an InNetworkEvent or a FollowEvent in proto3's JSON on each. Pure."""

import re
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar, cast

from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message

from common.ids import MAX_ID
from common.pb.thunder.v1.in_network_pb2 import FollowEvent, InNetworkEvent
from common.post import LightPost
from ingest.decode.follow_event import decode_follow
from ingest.decode.refined_event import decode_event
from ingest.events import AuthorDelete, Event, Follow, Malformed, PostDelete
from ingest.sources.json_line import BadLine, parse_object
from ingest.sources.message import Disposition, ParsedMessage, sent_message

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
"""Number of JSON. ParseDict would read others too (1_0, digits of other scripts), and some of them through a float."""

M = TypeVar("M", bound=Message)


class BadEventReason(StrEnum):
    """Reasons of lines that are no event. A closed set; the last three are the MalformedReasons that JSON can have."""

    NOT_JSON = "not_json"
    NOT_AN_EVENT = "not_an_event"
    MISSING_FIELD = "missing_field"
    BAD_ID = "bad_id"
    BAD_TIME = "bad_time"


class BadEvent(Exception):
    """The line is no event. The message may quote a name that the line gives to a field."""

    def __init__(self, reason: BadEventReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def parse_event_line(line: bytes) -> ParsedMessage:
    """Parse one line; never raises. It has no position. label: a SentKind, or a BadEventReason."""
    try:
        return sent_message(read_event(line))
    except BadEvent as bad:
        return ParsedMessage(Disposition.DROPPED, bad.reason, detail=str(bad))


def read_event(line: bytes) -> Event | Follow:
    """Read one line. Raises BadEvent, and never anything else."""
    fields = _parsed(line)
    try:
        if fields.keys() & {"viewerId", "viewer_id"}:
            return decode_follow(_message(fields, FollowEvent(), "a FollowEvent").SerializeToString())
        event = decode_event(_message(fields, InNetworkEvent(), "an InNetworkEvent").SerializeToString())
    except Malformed as malformed:
        raise BadEvent(BadEventReason(malformed.reason), malformed.detail) from malformed
    match event:
        case LightPost() | PostDelete() | AuthorDelete():
            return event
        case _:
            raise BadEvent(BadEventReason.NOT_AN_EVENT, "an InNetworkEvent without an event")


def _parsed(line: bytes) -> Mapping[str, object]:
    try:
        return parse_object(line)
    except BadLine as bad:
        raise BadEvent(BadEventReason.NOT_JSON, f"not an InNetworkEvent: {bad}") from bad


def _message(fields: Mapping[str, object], message: M, what: str) -> M:
    try:
        return ParseDict({name: _exact(value) for name, value in fields.items()}, message)
    except (ParseError, ValueError, ArithmeticError, RecursionError) as error:
        raise BadEvent(BadEventReason.NOT_AN_EVENT, f"not {what}: {error}") from error


def _exact(value: object) -> object:
    """The value with ints for whole numbers that are written with a fraction or an exponent, as proto3's JSON allows.

    Raises ValueError for a number that is not whole or that no field can hold: nothing is ever rounded.
    """
    match value:
        case dict():
            return {name: _exact(inner) for name, inner in cast("dict[str, object]", value).items()}
        case list():
            return [_exact(inner) for inner in cast("list[object]", value)]
        case Decimal():
            return _whole(value)
        case str():
            return _exact_text(value)
        case _:
            return value


def _exact_text(text: str) -> int | str:
    """The number in quotes; any other text as it is, for ParseDict to refuse by the name of its field."""
    if _NUMBER.fullmatch(text):
        return _whole(Decimal(text))
    try:
        float(text)
    except ValueError:
        return text
    raise ValueError("a number in quotes is not written as in JSON")


def _whole(number: Decimal) -> int:
    if not (-MAX_ID <= number <= MAX_ID and number == number.to_integral_value()):
        raise ValueError("a number is not whole, or above 2^63-1")
    return int(number)
