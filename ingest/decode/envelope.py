"""Many events in one message: InNetworkEvents, whose first byte no single event has. Pure."""

from collections.abc import Sequence

from google.protobuf.message import DecodeError

from common.pb.thunder.v1.in_network_pb2 import InNetworkEvents
from ingest.events import Malformed, MalformedReason

_FIRST_BYTE = b"\x22"  # tag of the field `events`


def seal(events: Sequence[bytes]) -> bytes:
    """One message of encoded events, in their order; at least one."""
    return InNetworkEvents(events=events).SerializeToString()


def unseal(payload: bytes) -> Sequence[bytes]:
    """The encoded events of a message: those of an envelope, or the single one that it is. Raises Malformed."""
    if payload[:1] != _FIRST_BYTE:
        return (payload,)
    try:
        return InNetworkEvents.FromString(payload).events
    except DecodeError as error:
        raise Malformed(MalformedReason.BAD_WIRE, f"{len(payload)} bytes are no InNetworkEvents") from error
