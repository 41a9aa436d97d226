"""Decodes server-sent events from the bytes of a response, by the WHATWG rules, in bounded memory. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

_MAX_ID_BYTES = 4096
_MAX_KIND_BYTES = 100


class SentEvent(NamedTuple):
    """One event. data is None when it was too large.

    last_id is where the stream resumes after the event, empty when the server does not say. kind: its type, empty when
    the server names none, and cut when it is long.
    """

    data: bytes | None
    last_id: str
    kind: str = ""


class EventDecoder:
    """Decodes a response in pieces of any size. retry: seconds that the server asks to wait."""

    def __init__(self, max_event_bytes: int) -> None:
        """max_event_bytes: bytes that are kept of an event's data, line ends included."""
        self.retry = 0.0
        self._max = max_event_bytes
        self._max_line = len(b"data: ") + max_event_bytes
        self._line = bytearray()
        self._line_ended_with_return = False
        self._last_id = ""
        self._kind = b""
        self._data: list[bytes] = []
        self._data_bytes = 0

    def decode(self, piece: bytes) -> Iterator[SentEvent]:
        """The events that end in the next piece. To be iterated to the end before the next call."""
        for line in self._lines(piece) if piece else ():
            if line:
                self._take_field(line)
            else:
                if self._data_bytes:
                    yield self._event()
                self._kind = b""

    def _lines(self, piece: bytes) -> Iterator[bytes]:
        r"""Whole lines without their ends, \n, \r or \r\n; of a long line, enough to see that it is too long."""
        if self._line_ended_with_return:
            piece = piece.removeprefix(b"\n")
        self._line_ended_with_return = piece.endswith(b"\r")
        *ends, rest = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for end in ends:
            self._extend_line(end)
            yield bytes(self._line)
            self._line.clear()
        self._extend_line(rest)

    def _extend_line(self, piece: bytes) -> None:
        self._line += piece[: self._max_line - len(self._line)]

    def _take_field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match name:
            case b"data":
                self._take_data(value)
            case b"event":
                self._kind = value[:_MAX_KIND_BYTES]
            case b"id" if _fits_a_header(value):
                self._last_id = value.decode()
            case b"retry" if value.isdigit() and len(value) < 10:
                self.retry = int(value) / 1000
            case _:
                pass  # a comment, or nothing that matters here

    def _take_data(self, value: bytes) -> None:
        """Keep one more line of data; when it gets too much, only how much it is."""
        self._data_bytes += len(value) + 1
        if self._data_bytes <= self._max:
            self._data.append(value)
        else:
            self._data.clear()

    def _event(self) -> SentEvent:
        data = b"\n".join(self._data) if self._data_bytes <= self._max else None
        self._data, self._data_bytes = [], 0
        return SentEvent(data, self._last_id, self._kind.decode(errors="replace"))


def _fits_a_header(last_id: bytes) -> bool:
    """An id is sent back in a header; what does not fit there is no use."""
    return len(last_id) <= _MAX_ID_BYTES and last_id.isascii() and last_id.decode().isprintable()
