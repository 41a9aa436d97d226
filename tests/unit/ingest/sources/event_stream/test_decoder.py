from hypothesis import given
from hypothesis import strategies as st

from ingest.sources.event_stream.decoder import EventDecoder, SentEvent


def decoded(*pieces: bytes, max_event_bytes: int = 1000) -> list[SentEvent]:
    decoder = EventDecoder(max_event_bytes)
    return [event for piece in pieces for event in decoder.decode(piece)]


def test_an_event_of_wikimedia() -> None:
    stream = b':ok\n\nevent: message\nid: [{"topic":"a","timestamp":1}]\ndata: {"x":1}\n\n'

    assert decoded(stream) == [SentEvent(b'{"x":1}', '[{"topic":"a","timestamp":1}]', "message")]


def test_the_kind_is_that_of_one_event() -> None:
    stream = b"event: a\ndata: 1\n\ndata: 2\n\nevent: b\n\ndata: 3\n\nevent: \xff" + b"x" * 200 + b"\ndata: 4\n\n"

    assert [event.kind for event in decoded(stream)] == ["a", "", "", "\ufffd" + "x" * 99]


def test_lines_of_data_are_joined() -> None:
    assert decoded(b"data: a\ndata:  b\ndata\ndata:c\n\n") == [SentEvent(b"a\n b\n\nc", "")]


def test_an_id_lasts_until_the_next_one() -> None:
    assert [event.last_id for event in decoded(b"id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n")] == ["1", "1", ""]


def test_an_id_alone_is_no_event_and_is_kept() -> None:
    assert decoded(b"id: 1\n\ndata: a\n\n") == [SentEvent(b"a", "1")]


def test_an_id_that_fits_no_header_is_as_good_as_none() -> None:
    hostile = [b"x\0y", b"x\x7fy", "ü".encode(), b"\xff", b"x" * 5000]
    stream = b"".join(b"id: 1\nid: " + last_id + b"\ndata: a\n\n" for last_id in hostile)

    assert {event.last_id for event in decoded(stream, max_event_bytes=10_000)} == {"1"}


def test_an_event_that_did_not_end_is_none() -> None:
    assert decoded(b"data: a\n") == []


def test_line_separators_of_unicode_are_content() -> None:
    assert decoded("data: a\u2028b\x85c\x0bd\n\n".encode()) == [SentEvent("a\u2028b\x85c\x0bd".encode(), "")]


def test_the_server_says_how_long_to_wait() -> None:
    decoder = EventDecoder(100)

    assert list(decoder.decode(b"retry: 2500\n\nretry: soon\n\nretry: 99999999999999999\n\n")) == []
    assert decoder.retry == 2.5


def test_too_much_data_costs_its_event_alone() -> None:
    stream = b"data: a\n\nid: 7\ndata: " + b"x" * 100 + b"\n\ndata: b\n\n"

    assert decoded(stream, max_event_bytes=50) == [SentEvent(b"a", ""), SentEvent(None, "7"), SentEvent(b"b", "7")]


def test_many_lines_may_be_too_much_data() -> None:
    stream = b"data: x\n" * 26 + b"\n" + b"data: x\n" * 25 + b"\n"

    assert [event.data is None for event in decoded(stream, max_event_bytes=50)] == [True, False]


@given(st.integers(0, 60), st.sampled_from([b"data:", b"data: "]))
def test_data_is_whole_or_none(length: int, field: bytes) -> None:
    (event,) = decoded(field + b"x" * length + b"\n\n", max_event_bytes=50)

    assert event.data == (b"x" * length if length < 50 else None)


def test_memory_is_bounded_by_the_largest_event() -> None:
    decoder = EventDecoder(1000)
    for field in (b"data: ", b"id: ", b": ", b""):
        assert list(decoder.decode(field)) == []
        for _ in range(100):
            assert list(decoder.decode(b"x" * 1000)) == []
        assert len(decoder._line) <= 1006  # pyright: ignore[reportPrivateUsage]
        list(decoder.decode(b"\n"))


FIELDS = st.sampled_from([b"data: a", b"data:", b"data", b"id: 1", b"id: 2", b":c", b"event: x", b"retry: 5", b"", b""])
ENDS = st.sampled_from([b"\n", b"\r", b"\r\n"])


@given(st.lists(st.tuples(FIELDS, ENDS)), st.data())
def test_neither_the_pieces_nor_the_ends_of_lines_matter(lines: list[tuple[bytes, bytes]], data: st.DataObject) -> None:
    whole = b"".join(field + b"\n" for field, _ in lines)
    # \r and then \n would be one end of a line
    stream = b"".join(field + (b"\r\n" if end == b"\r" else end) for field, end in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)))))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    assert decoded(*pieces) == decoded(whole)


def test_returns_end_lines_too() -> None:
    assert decoded(b"data: a\r\rdata: b\r", b"\r") == [SentEvent(b"a", ""), SentEvent(b"b", "")]


@given(st.binary())
def test_any_bytes_are_taken(garbage: bytes) -> None:
    decoded(garbage, max_event_bytes=20)
