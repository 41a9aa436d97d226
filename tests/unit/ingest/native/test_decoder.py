"""The native decoder makes the row that Python makes, or none: the same for every payload, damaged ones included."""

import tracemalloc
from collections.abc import Callable, Sequence
from random import Random

import pytest

from common.ids import MAX_ID
from common.native import Language
from common.pb.thunder.v1.in_network_pb2 import InNetworkEvent, TweetCreateEvent
from common.post import MAX_CREATED_AT, LightPost
from common.settings.ingest import IngestSettings
from ingest.batch import Decoder
from ingest.decode.formats import ingest_format
from ingest.decode.refined_event import encode_event
from ingest.decode.thrift_protocol import MAX_DEPTH, MAX_ELEMENTS, Wire
from ingest.decode.tweet_transform import MIN_VIDEO_MILLIS
from ingest.events import AuthorDelete, Malformed, PostDelete
from ingest.native import DECODER, NativeDecoder
from ingest.post_row import PostRow, StoreEvent
from tests.support.thrift.golden_tweets import core_data, create, delete, golden, noise
from tests.unit.ingest.decode.mutations import mutated
from tests.unit.ingest.decode.test_damaged_messages import RAW, REFINED
from tests.unit.ingest.native.raw_messages import BAD_TEXTS, TEXTS, field, i64, raw_create, struct, structs, text
from tests.unit.ingest.native.values import IDS, NOW, RETENTION, SKEW, TIMES

pytestmark = pytest.mark.skipif(DECODER is Language.PYTHON, reason="the product was installed without a compiler")

DAMAGED = 20_000

Decode = Callable[[bytes, int], PostRow | None]


def decoder(events: str, language: Language) -> Decoder[StoreEvent]:
    limits = {"post_retention_seconds": RETENTION, "clock_skew_seconds": SKEW}
    settings = IngestSettings.model_validate({"kafka_group_id": "g", "events": events} | limits)
    return ingest_format(settings, language).decode


def native(events: str) -> Decode:
    made = NativeDecoder(RETENTION, SKEW)
    return made.raw if events == "raw" else made.refined


def outcome(decode: Decoder[StoreEvent], payload: bytes, now: int) -> object:
    try:
        return decode(payload, now)
    except Malformed as malformed:
        return malformed.reason, malformed.detail


def natively_decoded(events: str, payloads: Sequence[bytes], now: int = NOW) -> int:
    """How many of the payloads are decoded natively; each to the row of Python."""
    decode, python = native(events), decoder(events, Language.PYTHON)
    rows = {payload: row for payload in payloads if (row := decode(payload, now)) is not None}
    for payload, row in rows.items():
        assert outcome(python, payload, now) == row, payload
    return len(rows)


def is_native(events: str, payload: bytes, now: int = NOW) -> bool:
    return natively_decoded(events, [payload], now) == 1


def refined_create(rng: Random) -> bytes:
    """A create whose fields may be absent, zero, or there twice."""
    made = b""
    for _ in range(rng.choice((1, 1, 1, 2))):
        names = ["in_reply_to_post_id", "in_reply_to_user_id", "source_post_id", "source_user_id", "conversation_id"]
        ids = {name: rng.choice(IDS) for name in names if rng.random() < 0.4}
        flags = {name: rng.random() < 0.5 for name in ("is_retweet", "is_reply", "has_video")}
        head = {"post_id": rng.choice(IDS), "author_id": rng.choice(IDS), "created_at": rng.choice(TIMES)}
        made += TweetCreateEvent(**head, **ids, **flags).SerializeToString()
    return variant(made)


def variant(fields: bytes) -> bytes:
    size = len(fields)
    return b"\x0a" + (bytes([size]) if size < 0x80 else bytes([0x80 | size & 0x7F, size >> 7])) + fields


CREATE = LightPost(1000, 10, NOW)
PLAIN = encode_event(CREATE)[2:]


def test_refined_creates_become_the_rows_of_python() -> None:
    rng = Random(1)
    payloads = [refined_create(rng) for _ in range(4000)]
    assert 1000 < natively_decoded("refined", payloads) < 3000


def test_raw_creates_become_the_rows_of_python() -> None:
    rng = Random(2)
    payloads = [raw_create(rng) for _ in range(6000)]
    assert 1000 < natively_decoded("raw", payloads) < 4000


@pytest.mark.parametrize("events", ["refined", "raw"])
def test_damaged_messages_become_the_rows_of_python_or_none(events: str) -> None:
    messages, create_of = (RAW, raw_create) if events == "raw" else (REFINED, refined_create)
    rng = Random(3)
    payloads = set(mutated([*messages, *(create_of(rng) for _ in range(40))], DAMAGED, seed=4))
    assert DAMAGED / 400 < natively_decoded(events, [*payloads]) < DAMAGED / 2


@pytest.mark.parametrize("events", ["refined", "raw"])
def test_what_is_not_native_is_judged_by_python(events: str) -> None:
    either, python = (decoder(events, language) for language in Language)
    for payload in mutated(RAW if events == "raw" else REFINED, 500, seed=5):
        assert outcome(either, payload, NOW) == outcome(python, payload, NOW)


def test_rows_are_those_of_python_in_every_way() -> None:
    made, by_python = (decoder("refined", language)(encode_event(CREATE), NOW) for language in Language)
    assert isinstance(made, PostRow)
    assert isinstance(by_python, PostRow)
    assert type(made) is PostRow
    assert hash(made) == hash(by_python)
    assert [type(value) for value in made] == [type(value) for value in by_python]
    assert made.listed_as_video() == by_python.listed_as_video()


@pytest.mark.parametrize("created_at", sorted(TIMES))
@pytest.mark.parametrize("events", ["refined", "raw"])
def test_times_within_retention_and_skew_are_native(events: str, created_at: int) -> None:
    raw = create(core=core_data(created_at_secs=created_at))
    payload = raw if events == "raw" else encode_event(CREATE._replace(created_at=created_at))
    assert is_native(events, payload) is (NOW - RETENTION <= created_at <= NOW + SKEW)


def test_times_are_those_that_the_store_can_hold() -> None:
    times = (0, MAX_CREATED_AT, MAX_CREATED_AT + 1)
    payloads = [encode_event(CREATE._replace(created_at=time)) for time in times]
    wide = NativeDecoder(2**70, 2**70)
    assert [wide.refined(payload, NOW) is not None for payload in payloads] == [True, True, False]
    assert wide.refined(payloads[0], 2**62) is None


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x0a\x00",
        b"\x0a",
        b"\x0a\x01\x08",
        variant(PLAIN) + b"\x0a\x00",
        variant(PLAIN) + b"\x28\x01",
        variant(PLAIN + b"\x60\x01"),
        variant(PLAIN + b"\x00\x01"),
        variant(PLAIN + b"\x0c"),
        variant(PLAIN + b"\x22\x01\x01"),
        variant(PLAIN + b"\x30\x02"),
        variant(PLAIN + b"\xb0\x00\x01"),
        variant(PLAIN + b"\x58" + b"\xff" * 9 + b"\x01"),
        variant(PLAIN + b"\x58" + b"\x80" * 9 + b"\x00"),
        variant(PLAIN * 13),
        b"\x0a\x8a\x00" + PLAIN,
        encode_event(PostDelete(1000, NOW)),
        encode_event(AuthorDelete(10, NOW)),
    ],
)
def test_odd_events_are_left_to_protobuf(payload: bytes) -> None:
    assert not is_native("refined", payload)


def test_the_last_value_of_a_field_counts() -> None:
    assert is_native("refined", variant(PLAIN + b"\x08\x05\x30\x01\x30\x00"))
    assert is_native("refined", variant(PLAIN + b"\x30\x81\x00"))


def raw(core: Sequence[bytes], *tweet: bytes, more: bytes = b"", user: int = 10) -> bytes:
    """A create of post 1000 with these fields besides."""
    fields = [struct(1, [i64(1, 1000), struct(2, [i64(4, NOW), *core]), *tweet]), struct(2, [i64(1, user)])]
    return struct(1, [struct(1, fields)]) + more + b"\x00"


def video(millis: int) -> list[bytes]:
    return [struct(15, [struct(3, [field(Wire.I32, 1, millis.to_bytes(4, "big"))])])]


@pytest.mark.parametrize(
    "payload",
    [
        raw([]),
        raw([struct(5, []), struct(7, [])]),
        raw([], structs(7, [video(MIN_VIDEO_MILLIS)])),
        raw([], structs(7, [video(MIN_VIDEO_MILLIS - 1)])),
        raw([], structs(7, [video(MIN_VIDEO_MILLIS)] * 2)),
        raw([], structs(7, [])),
        raw([field(Wire.BOOL, 11, b"\x01"), field(Wire.BOOL, 11, b"\x00")]),
        raw([i64(14, 1), i64(14, 2)]),
        raw([i64(2, 1)]),
        raw([], more=struct(9, [struct(1, [])])),
        create(core=core_data(later=noise()), user=golden.User(id=10, profile=noise())),
        *(raw([text(2, value)]) for value in TEXTS),
    ],
)
def test_plain_creates_of_the_raw_topic_are_native(payload: bytes) -> None:
    assert is_native("raw", payload)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x00",
        raw([]) + b"\x00",
        raw([])[:-1],
        raw([], user=0),
        raw([field(Wire.BOOL, 11, b"\x01")]),
        raw([field(Wire.BOOL, 11, b"\x02")]),
        raw([struct(5, [])] * 2),
        raw([], i64(1, -5)),
        raw([], structs(7, []), structs(7, [])),
        raw([], structs(7, [[struct(15, [])]])),
        raw([], structs(7, [[struct(15, [struct(1, []), struct(2, [])])]])),
        raw([], field(Wire.LIST, 7, b"\x0a\x00\x00\x00\x01" + bytes(8))),
        raw([], more=struct(1, [])),
        struct(1, [struct(1, []), struct(2, [])]) + b"\x00",
        delete(),
        *(raw([text(2, value)]) for value in BAD_TEXTS),
    ],
)
def test_other_raw_events_are_left_to_python(payload: bytes) -> None:
    assert not is_native("raw", payload)


@pytest.mark.parametrize("levels", [1, MAX_DEPTH - 6, MAX_DEPTH - 5, MAX_DEPTH - 4, 5000])
def test_the_limit_of_depth_is_that_of_python(levels: int) -> None:
    lists = b"".join(b"\x0f\x00\x00\x00\x01" for _ in range(levels)) + b"\x02\x00\x00\x00\x00"
    structs_inside = b"\x0c\x00\x01" * levels + b"\x00" * levels
    for nested in (field(Wire.LIST, 50, lists), field(Wire.STRUCT, 50, structs_inside + b"\x00")):
        assert is_native("raw", raw([nested])) is (levels < MAX_DEPTH - 5)


@pytest.mark.parametrize("count", [MAX_ELEMENTS, MAX_ELEMENTS + 1])
@pytest.mark.parametrize(("wire_type", "types"), [(Wire.LIST, b"\x02"), (Wire.SET, b"\x03"), (Wire.MAP, b"\x02\x03")])
def test_the_limit_of_elements_is_that_of_python(count: int, wire_type: int, types: bytes) -> None:
    container = field(wire_type, 50, types + count.to_bytes(4, "big") + bytes(len(types) * count))
    assert is_native("raw", raw([container])) is (count <= MAX_ELEMENTS)


CLAIMS = [b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\x80\x00\x00\x00", b"\x00\x00\x00\x02"]


@pytest.mark.parametrize("claim", CLAIMS)
def test_what_a_payload_claims_allocates_nothing(claim: bytes) -> None:
    texts = [struct(1, [struct(1, [struct(1, [struct(2, [field(Wire.STRING, number, claim)])])])]) for number in (2, 9)]
    lists = [struct(1, [struct(1, [struct(1, [field(Wire.LIST, number, b"\x0c" + claim)])])]) for number in (7, 9)]
    decode = native("raw")
    tracemalloc.start()
    try:
        assert [decode(payload, NOW) for payload in (*texts, *lists)] == [None] * 4
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * 1024


def test_the_largest_member_fits() -> None:
    largest = LightPost(MAX_ID, MAX_ID, NOW, MAX_ID, MAX_ID, True, True, MAX_ID, MAX_ID, True, MAX_ID)
    assert is_native("refined", encode_event(largest))


def test_an_event_without_a_variant_is_left_to_python() -> None:
    assert not is_native("refined", InNetworkEvent().SerializeToString())
