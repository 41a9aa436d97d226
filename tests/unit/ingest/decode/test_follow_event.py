import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.ids import MAX_ID
from common.pb.thunder.v1.in_network_pb2 import FollowEvent
from ingest.decode.follow_event import decode_follow, encode_follow, follow_key
from ingest.decode.framing import encode_envelope, open_envelope
from ingest.events import Follow, Malformed, MalformedReason

ids = st.integers(1, MAX_ID)
times = st.integers(1, 2**63 - 1)
follows = st.builds(Follow, ids, ids, ids | st.just(0), times, st.booleans())
removals_by_name = st.builds(Follow, ids, st.just(0), ids, times, st.just(True))


FOLLOW = FollowEvent(viewer_id=1, target_id=20, follow_id=300, at=1_790_000_000)


def refusal(**changed: int | bool) -> Malformed:
    event = FollowEvent()
    event.CopyFrom(FOLLOW)
    for name, value in changed.items():
        setattr(event, name, value)
    with pytest.raises(Malformed) as refused:
        decode_follow(event.SerializeToString())
    return refused.value


@given(follows | removals_by_name)
def test_a_follow_survives_the_topic(follow: Follow) -> None:
    assert decode_follow(encode_follow(follow)) == follow


@given(st.lists(follows | removals_by_name, min_size=1, max_size=3))
def test_follows_travel_in_envelopes_and_alone(written: list[Follow]) -> None:
    payloads = [encode_follow(follow) for follow in written]
    assert list(open_envelope(encode_envelope(payloads))) == payloads
    assert [list(open_envelope(payload)) for payload in payloads] == [[payload] for payload in payloads]


def test_messages_are_those_of_the_wire_contract() -> None:
    assert FollowEvent.FromString(encode_follow(Follow(1, 20, 300, 1_790_000_000))) == FOLLOW
    removal = FollowEvent.FromString(encode_follow(Follow(1, 0, 300, 7, removed=True)))
    assert removal == FollowEvent(viewer_id=1, follow_id=300, at=7, removed=True)


def test_events_of_one_viewer_share_a_key() -> None:
    assert follow_key(Follow(17, 20, 300, 5)) == follow_key(Follow(17, 0, 301, 6, removed=True)) == b"17"


@pytest.mark.parametrize("name", ["viewer_id", "target_id", "follow_id"])
def test_an_id_below_0_is_refused_by_its_name(name: str) -> None:
    assert str(refusal(**{name: -1})) == f"{MalformedReason.BAD_ID}: {name} is not above 0"


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"viewer_id": 0}, "viewer_id"),
        ({"target_id": 0}, "target_id"),
        ({"target_id": 0, "follow_id": 0, "removed": True}, "target_id"),
    ],
    ids=["no viewer", "no target", "a removal of nothing"],
)
def test_events_without_an_id_are_refused(changed: dict[str, int | bool], name: str) -> None:
    assert str(refusal(**changed)) == f"{MalformedReason.BAD_ID}: {name} is not above 0"


@pytest.mark.parametrize("at", [0, -1])
def test_a_time_that_is_not_above_0_is_refused(at: int) -> None:
    assert str(refusal(at=at)) == f"{MalformedReason.BAD_TIME}: at is not above 0"


@pytest.mark.parametrize("payload", [b"\xff", b"not protobuf", b"\x08\x01\x12\x7f"])
def test_bytes_that_are_no_protobuf_are_refused(payload: bytes) -> None:
    with pytest.raises(Malformed) as refused:
        decode_follow(payload)
    assert refused.value.reason is MalformedReason.BAD_WIRE


def test_a_field_of_a_newer_schema_changes_nothing() -> None:
    field_15 = b"\x7a\x02\x08\x01"
    assert decode_follow(encode_follow(Follow(1, 20, 300, 5)) + field_15) == Follow(1, 20, 300, 5)
