"""Takes off and puts on the wrapping of events: a schema-registry header, an envelope of many events. Pure.

An envelope is an InNetworkEvents, whose first byte no single event has.
"""

from collections.abc import Sequence

from google.protobuf.message import DecodeError

from common.pb.thunder.v1.in_network_pb2 import InNetworkEvents
from common.settings.kafka import Framing
from ingest.events import Malformed, MalformedReason

_ID_BYTES = {0: 4, 1: 16}
"""Length of the schema's id after each magic byte."""

_MAX_VARINT_BYTES = 5
"""Message indexes are int32."""

_ENVELOPE_TAG = b"\x22"  # of the field `events`


def unframe(payload: bytes, framing: Framing, *, message_indexes: bool) -> bytes:
    """The payload without its schema-registry header; Malformed(BAD_FRAMING) when the header is not there.

    message_indexes: the schema is a protobuf file, so message indexes follow the schema's id.
    Which schema and which message they name is not checked: a topic holds messages of one type.
    """
    if framing is Framing.NONE:
        return payload
    id_bytes = _ID_BYTES.get(payload[0]) if payload else None
    if id_bytes is None:
        raise Malformed(MalformedReason.BAD_FRAMING, "no magic byte")
    start = 1 + id_bytes
    if message_indexes:
        start = _after_message_indexes(payload, start)
    if start > len(payload):
        raise _cut_short(payload)
    return payload[start:]


def encode_envelope(events: Sequence[bytes]) -> bytes:
    """One message of encoded events, in their order; at least one."""
    return InNetworkEvents(events=events).SerializeToString()


def open_envelope(payload: bytes) -> Sequence[bytes]:
    """The encoded events of a message: those of an envelope, or the single one that it is. Raises Malformed."""
    if payload[:1] != _ENVELOPE_TAG:
        return (payload,)
    try:
        return InNetworkEvents.FromString(payload).events
    except DecodeError as error:
        raise Malformed(MalformedReason.BAD_WIRE, f"{len(payload)} bytes are no InNetworkEvents") from error


def _after_message_indexes(payload: bytes, position: int) -> int:
    """A count and as many indexes, each a zigzag varint; a count of 0 is short for one index, 0."""
    zigzag_count, position = _varint(payload, position)
    if zigzag_count & 1:
        raise Malformed(MalformedReason.BAD_FRAMING, "a negative number of message indexes")
    for _ in range(zigzag_count >> 1):
        _, position = _varint(payload, position)
    return position


def _varint(payload: bytes, position: int) -> tuple[int, int]:
    value = 0
    for offset, byte in enumerate(payload[position : position + _MAX_VARINT_BYTES]):
        value |= (byte & 0x7F) << (7 * offset)
        if byte < 0x80:
            return value, position + offset + 1
    raise _cut_short(payload)


def _cut_short(payload: bytes) -> Malformed:
    return Malformed(MalformedReason.BAD_FRAMING, f"{len(payload)} bytes end inside the frame")
