"""The topic of follows: FollowEvent, protobuf, keyed by the viewer. Pure."""

from google.protobuf.message import DecodeError

from common.pb.thunder.v1.in_network_pb2 import FollowEvent
from ingest.events import Follow, Malformed, MalformedReason, optional_id, required_id


def decode_follow(payload: bytes) -> Follow:
    """One event; raises Malformed, and nothing else.

    A follow names its target. A removal names the target, the follow, or both. The time is above 0.
    """
    try:
        event = FollowEvent.FromString(payload)
    except DecodeError as error:
        raise Malformed(MalformedReason.BAD_WIRE, f"{len(payload)} bytes are no FollowEvent") from error
    if event.at <= 0:
        raise Malformed(MalformedReason.BAD_TIME, "at is not above 0")
    viewer_id = required_id("viewer_id", event.viewer_id)
    follow_id = optional_id("follow_id", event.follow_id) or 0
    may_lack_target = event.removed and follow_id
    target_id = (optional_id if may_lack_target else required_id)("target_id", event.target_id) or 0
    return Follow(viewer_id, target_id, follow_id, event.at, event.removed)


def encode_follow(follow: Follow) -> bytes:
    """The message of a follow; decode_follow gives it back."""
    return FollowEvent(**follow._asdict()).SerializeToString()


def follow_key(follow: Follow) -> bytes:
    """The message's key, which decides its partition: the events of one viewer share one."""
    return b"%d" % follow.viewer_id
