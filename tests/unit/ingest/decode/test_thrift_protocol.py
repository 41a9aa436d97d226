import tracemalloc

import pytest
from thriftpy2.utils import serialize

from ingest.decode.tweet_event import read_tweet_event
from ingest.events import Malformed, MalformedReason
from tests.support.thrift.golden_tweets import noise
from tests.support.thrift.thrift_bytes import (
    BOOL,
    I32,
    I64,
    LIST,
    MAP,
    SET,
    STRING,
    STRUCT,
    container,
    field,
    fields,
    pairs,
    string,
)

UNDECLARED_ID = 99
MAX_DEPTH, MAX_ELEMENTS = 64, 100_000


def skip(wire_type: int, value: bytes) -> None:
    """Reads an event whose only field is one that is not declared."""
    assert read_tweet_event(fields(field(wire_type, UNDECLARED_ID, value))) == {}


def refusal(wire_type: int, value: bytes) -> MalformedReason:
    with pytest.raises(Malformed) as refused:
        skip(wire_type, value)
    return refused.value.reason


def nested(wire_type: int, levels: int) -> bytes:
    """A value of structs or containers inside each other, `levels` of them."""
    innermost = {STRUCT: b"\x00", LIST: container(BOOL), SET: container(BOOL), MAP: pairs(BOOL, BOOL, claimed_count=0)}
    opening = {
        STRUCT: field(STRUCT, 1, b""),
        LIST: container(LIST, claimed_count=1),
        SET: container(SET, claimed_count=1),
        MAP: pairs(BOOL, MAP, b"\x01", claimed_count=1),
    }
    closing = b"\x00" if wire_type == STRUCT else b""
    return opening[wire_type] * (levels - 1) + innermost[wire_type] + closing * (levels - 1)


def test_values_of_every_wire_type_are_skipped() -> None:
    skip(STRUCT, serialize(noise()))
    skip(16, bytes(16))


def test_empty_containers_of_any_element_type_are_skipped() -> None:
    skip(LIST, container(0))
    skip(SET, container(200))
    skip(MAP, pairs(0, 0, claimed_count=0))


def test_a_skipped_string_may_be_binary() -> None:
    skip(STRING, string(b"\xff\xfe"))


@pytest.mark.parametrize("wire_type", [1, 5, 7, 9, 17, 0x7F, 0xFF])
def test_a_type_that_does_not_exist_is_refused(wire_type: int) -> None:
    with pytest.raises(Malformed) as refused:
        read_tweet_event(bytes([wire_type, 0, UNDECLARED_ID]) + bytes(100))
    assert refused.value.reason is MalformedReason.BAD_WIRE
    assert refusal(LIST, container(wire_type, bytes(100))) is MalformedReason.BAD_WIRE
    assert refusal(MAP, pairs(BOOL, wire_type, bytes(100), claimed_count=1)) is MalformedReason.BAD_WIRE


@pytest.mark.parametrize("wire_type", [STRUCT, LIST, SET, MAP])
def test_values_nest_to_the_limit_of_depth_and_no_further(wire_type: int) -> None:
    beside_the_event = MAX_DEPTH - 1
    skip(wire_type, nested(wire_type, beside_the_event))
    assert refusal(wire_type, nested(wire_type, beside_the_event + 1)) is MalformedReason.TOO_DEEP


def test_keys_of_maps_nest_as_deep_as_values() -> None:
    def nested_keys(levels: int) -> bytes:
        return (
            pairs(MAP, BOOL, claimed_count=1) * (levels - 1)
            + pairs(BOOL, BOOL, claimed_count=0)
            + b"\x01" * (levels - 1)
        )

    skip(MAP, nested_keys(MAX_DEPTH - 1))
    assert refusal(MAP, nested_keys(MAX_DEPTH)) is MalformedReason.TOO_DEEP


def test_an_endless_nest_is_refused_like_a_deep_one() -> None:
    assert refusal(STRUCT, field(STRUCT, 1, b"") * 200_000) is MalformedReason.TOO_DEEP


@pytest.mark.parametrize("wire_type", [LIST, SET])
def test_a_container_holds_elements_to_the_limit_and_no_more(wire_type: int) -> None:
    skip(wire_type, container(BOOL, bytes(MAX_ELEMENTS), claimed_count=MAX_ELEMENTS))
    one_more = container(BOOL, bytes(MAX_ELEMENTS + 1), claimed_count=MAX_ELEMENTS + 1)
    assert refusal(wire_type, one_more) is MalformedReason.TOO_LARGE


def test_a_map_holds_pairs_to_the_limit_and_no_more() -> None:
    skip(MAP, pairs(BOOL, BOOL, bytes(2 * MAX_ELEMENTS), claimed_count=MAX_ELEMENTS))
    one_more = pairs(BOOL, BOOL, bytes(2 * MAX_ELEMENTS + 2), claimed_count=MAX_ELEMENTS + 1)
    assert refusal(MAP, one_more) is MalformedReason.TOO_LARGE


@pytest.mark.parametrize("size", [4, 2**31 - 1, -1, -(2**31)])
def test_a_string_does_not_reach_past_the_payload(size: int) -> None:
    assert refusal(STRING, string(b"ab", claimed_size=size)) is MalformedReason.TRUNCATED


@pytest.mark.parametrize("count", [-1, 1_000_000, 2**31 - 1])
@pytest.mark.parametrize("wire_type", [LIST, SET])
def test_a_container_does_not_claim_more_than_the_limit(wire_type: int, count: int) -> None:
    assert refusal(wire_type, container(STRING, claimed_count=count)) is MalformedReason.TOO_LARGE


@pytest.mark.parametrize("element_type", [BOOL, I32, I64, STRING, STRUCT])
def test_a_container_larger_than_its_payload_is_truncated(element_type: int) -> None:
    assert refusal(LIST, container(element_type, claimed_count=50_000)) is MalformedReason.TRUNCATED
    assert refusal(MAP, pairs(BOOL, element_type, claimed_count=50_000)) is MalformedReason.TRUNCATED
    with pytest.raises(Malformed, match="a container of 50000 elements"):  # before any work for these
        skip(LIST, container(element_type, claimed_count=50_000))


def test_a_claim_of_a_million_strings_allocates_nothing() -> None:
    payload = fields(field(LIST, 1, container(STRING, claimed_count=1_000_000)), b"\x00" * 2)
    assert len(payload) == 11
    tracemalloc.start()
    try:
        with pytest.raises(Malformed):
            read_tweet_event(payload)
        assert tracemalloc.get_traced_memory()[1] < 20_000
    finally:
        tracemalloc.stop()
