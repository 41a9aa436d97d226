"""Elements of JSON arrays that come in pieces of any size."""

import json
from io import BufferedReader, BytesIO, RawIOBase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sources.jsonl import lines
from ingest.sources.jsonl.array_elements import array_elements
from tests.support.sources.json_mutations import ANY_JSON


class Pieces(RawIOBase):
    """A file that is read a few bytes at a time."""

    def __init__(self, content: bytes, size: int) -> None:
        self._content = BytesIO(content)
        self._size = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        piece = self._content.read(min(self._size, len(buffer)))
        buffer[: len(piece)] = piece
        return len(piece)


def elements(content: bytes, size: int = 1000) -> list[bytes | None]:
    return [line.content for line in array_elements(BufferedReader(Pieces(content, size)))]


@given(st.lists(ANY_JSON, max_size=5), st.integers(1, 9), st.sampled_from([None, 1]), st.booleans())
def test_elements_are_those_of_the_array(values: list[object], size: int, indent: int | None, ascii_only: bool) -> None:
    written = json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode(errors="surrogatepass")
    found = [json.loads((each or b"").decode(errors="surrogatepass")) for each in elements(written, size)]
    assert json.dumps(found) == json.dumps(values)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"[]", []),
        (b" [ 1 , 2 ] ", [b" 1 ", b" 2 "]),
        (b"[1][2]\n[3]", [b"1", b"2", b"3"]),
        (b"[1,,2,]", [b"1", b"2"]),
        (b'["],[", "\\\\", "\\"," ]', [b'"],["', b' "\\\\"', b' "\\"," ']),
        (b"[1, {", [b"1", b" {"]),
        (b'[1, "', [b"1", b' "']),
        (b"[1]oops", [b"1", b"oops"]),
        (b"]]1", [b"1"]),
        (b"[1\\", [b"1\\"]),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_damage_costs_few_elements_and_none_is_hidden(content: bytes, expected: list[bytes], size: int) -> None:
    assert elements(content, size) == expected


def test_an_element_that_is_too_long_costs_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 10)
    assert elements(b'["12345678","123456789",1]', 7) == [b'"12345678"', None, b"1"]


@given(st.lists(st.sampled_from([b"[", b"]", b"{", b"}", b",", b'"', b"\\", b"1", b" "]), max_size=30).map(b"".join))
def test_the_pieces_do_not_matter(content: bytes) -> None:
    assert elements(content, 1) == elements(content, 3) == elements(content)
