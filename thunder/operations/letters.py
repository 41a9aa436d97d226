"""Dead letters: the facts that their headers hold, which of them are asked for, and texts about them. Pure."""

import base64
import hashlib
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from common.kafka.reader import StoredRecord
from common.kafka.topics import PartitionAddress
from common.settings.operations import LetterFilterOptions

_ROW_BYTES = 16


class Letter(NamedTuple):
    """A dead letter. number: its offset in the dead-letter topic; written_ms: when it was set aside, Unix milliseconds.

    place and offset: of the original. size and sha256: of its whole payload, of which the letter may hold a part.
    """

    number: int
    written_ms: int
    place: PartitionAddress
    offset: int
    reason: str
    detail: str
    size: int
    sha256: str
    payload: bytes

    @property
    def is_whole(self) -> bool:
        """Whether it holds all of the original's payload."""
        return self.is_original(self.payload)

    def is_original(self, payload: bytes | None) -> bool:
        """Whether this is the payload of the original."""
        held = payload or b""
        return len(held) == self.size and hashlib.sha256(held).hexdigest() == self.sha256

    @property
    def origin(self) -> str:
        """The original's topic, partition and offset."""
        return f"{self.place} offset {self.offset}"


def parse_letter(record: StoredRecord) -> Letter | None:
    """Read a record of the dead-letter topic; None for one without the headers of a letter."""
    texts = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers.items()}
    try:
        return Letter(
            record.offset,
            record.timestamp_ms,
            PartitionAddress(texts["topic"], int(texts["partition"])),
            int(texts["offset"]),
            texts["reason"],
            texts["detail"],
            int(texts["size"]),
            texts["sha256"],
            record.value or b"",
        )
    except (KeyError, ValueError):
        return None


def is_asked_for(letter: Letter, options: LetterFilterOptions, now: float) -> bool:
    """Whether every filter lets the letter pass. now in Unix seconds."""
    age = now - letter.written_ms / 1000
    return (
        _is_in(letter.number, options.letters)
        and _is_in(letter.place.partition, options.from_partition)
        and _is_in(letter.offset, options.from_offsets)
        and (not options.from_topic or letter.place.topic in options.from_topic)
        and (not options.reason or letter.reason in options.reason)
        and (options.since is None or age <= options.since)
        and (options.until is None or age >= options.until)
    )


def _is_in(number: int, ranges: Sequence[tuple[int, int]]) -> bool:
    return not ranges or any(first <= number <= last for first, last in ranges)


def letter_line(letter: Letter) -> str:
    """One line: number, time in UTC, origin, size, reason and detail."""
    written = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(letter.written_ms / 1000))
    return f"{letter.number:>8}  {written}  {letter.origin}  {letter.size:,} B  {letter.reason}: {letter.detail}"


def letter_as_json(letter: Letter) -> dict[str, object]:
    """All facts, with what the letter holds of the payload in base64."""
    topic, partition = letter.place
    facts: dict[str, object] = {name: getattr(letter, name) for name in letter._fields if name != "place"}
    facts |= {"topic": topic, "partition": partition, "is_whole": letter.is_whole}
    return facts | {"payload": base64.b64encode(letter.payload).decode()}


def letter_lines(letter: Letter) -> list[str]:
    """Everything about one letter, the payload in hexadecimal and ASCII."""
    held = "all of it" if letter.is_whole else f"the first {len(letter.payload):,}"
    written = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(letter.written_ms / 1000))
    return [
        f"letter   {letter.number}, written {written}",
        f"origin   {letter.origin}",
        f"reason   {letter.reason}: {letter.detail}",
        f"payload  {letter.size:,} bytes, of which the letter holds {held}; sha256 {letter.sha256}",
        *_hexadecimal(letter.payload),
    ]


def _hexadecimal(payload: bytes) -> Iterable[str]:
    for start in range(0, len(payload), _ROW_BYTES):
        row = payload[start : start + _ROW_BYTES]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        yield f"{start:08x}  {row.hex(' '):<{3 * _ROW_BYTES}} {text}"
