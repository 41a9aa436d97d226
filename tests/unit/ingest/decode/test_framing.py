import pytest

from common.settings.kafka import Framing
from ingest.decode.framing import encode_envelope, open_envelope, unframe
from ingest.events import Malformed, MalformedReason

PAYLOAD = b"\x0c\x00\x01payload"
OLD_ID = b"\x00" + (7).to_bytes(4, "big")
NEW_ID = b"\x01" + bytes(range(16))


def unframe_thrift(payload: bytes) -> bytes:
    return unframe(payload, Framing.CONFLUENT, message_indexes=False)


def unframe_protobuf(payload: bytes) -> bytes:
    return unframe(payload, Framing.CONFLUENT, message_indexes=True)


@pytest.mark.parametrize("payload", [b"", PAYLOAD, OLD_ID + PAYLOAD])
@pytest.mark.parametrize("message_indexes", [False, True])
def test_without_framing_a_payload_is_taken_as_it_is(payload: bytes, message_indexes: bool) -> None:
    assert unframe(payload, Framing.NONE, message_indexes=message_indexes) == payload


@pytest.mark.parametrize("schema_id", [OLD_ID, NEW_ID], ids=["4 bytes", "16 bytes"])
def test_a_thrift_payload_stands_behind_the_id_of_its_schema(schema_id: bytes) -> None:
    assert unframe_thrift(schema_id + PAYLOAD) == PAYLOAD
    assert unframe_thrift(schema_id) == b""


MESSAGE_INDEXES = {
    "the first message, in short": b"\x00",
    "the first message": b"\x02\x00",
    "the fifth message": b"\x02\x08",
    "a nested message": b"\x04\x08\x02",
    "a message with a large index": b"\x02\x80\x02",
    "the largest index of one byte": b"\x02\x7f",
    "the largest index": b"\x02\xff\xff\xff\xff\x0f",
    "a message nested 130 levels deep": b"\x84\x02" + bytes(130),
}


@pytest.mark.parametrize("schema_id", [OLD_ID, NEW_ID], ids=["4 bytes", "16 bytes"])
@pytest.mark.parametrize("indexes", MESSAGE_INDEXES.values(), ids=MESSAGE_INDEXES.keys())
def test_message_indexes_are_taken_off_protobuf_payloads(schema_id: bytes, indexes: bytes) -> None:
    assert unframe_protobuf(schema_id + indexes + PAYLOAD) == PAYLOAD


@pytest.mark.parametrize("payload", [b"", b"\x02" + PAYLOAD, b"\x0c" + PAYLOAD, b"\xff" * 30])
def test_a_payload_without_a_magic_byte_is_refused(payload: bytes) -> None:
    for read in (unframe_thrift, unframe_protobuf):
        with pytest.raises(Malformed) as refused:
            read(payload)
        assert refused.value.reason is MalformedReason.BAD_FRAMING


@pytest.mark.parametrize("frame", [OLD_ID, NEW_ID])
def test_a_payload_that_ends_inside_its_frame_is_refused(frame: bytes) -> None:
    whole = frame + b"\x04\x80\x01\x02"
    assert unframe_protobuf(whole) == b""
    for size in range(len(frame)):
        with pytest.raises(Malformed, match=MalformedReason.BAD_FRAMING):
            unframe_thrift(whole[:size])
    for size in range(len(whole)):
        with pytest.raises(Malformed, match=MalformedReason.BAD_FRAMING):
            unframe_protobuf(whole[:size])


@pytest.mark.parametrize("count", [b"\x01", b"\x7f", b"\xfe\xff\xff\xff\x0f", b"\x80" * 5 + b"\x00", b"\xff" * 20])
def test_an_absurd_number_of_message_indexes_is_refused(count: bytes) -> None:
    with pytest.raises(Malformed, match=MalformedReason.BAD_FRAMING):
        unframe_protobuf(OLD_ID + count + PAYLOAD)


@pytest.mark.parametrize("events", [[b""], [b"\x0a\x00"], [b"\x0a\x00", b"\x12\x01", b""]])
def test_an_envelope_gives_back_its_events_in_order(events: list[bytes]) -> None:
    assert list(open_envelope(encode_envelope(events))) == events


@pytest.mark.parametrize("payload", [b"", b"\x0a", PAYLOAD])
def test_a_payload_without_an_envelope_is_one_event(payload: bytes) -> None:
    assert open_envelope(payload) == (payload,)


def test_an_envelope_that_ends_early_is_malformed() -> None:
    with pytest.raises(Malformed, match=MalformedReason.BAD_WIRE):
        open_envelope(encode_envelope([b"\x0a\x00"])[:-1])
