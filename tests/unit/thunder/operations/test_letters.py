import hashlib

import pytest

from common.kafka.reader import StoredRecord
from common.kafka.topics import PartitionAddress
from common.settings.operations import LetterListSettings
from thunder.operations.letters import Letter, is_asked_for, letter_as_json, letter_line, letter_lines, parse_letter

NOW = 1_000_000.0
PAYLOAD = b"abc\x00"


def record(**changes: bytes | None) -> StoredRecord:
    headers: dict[str, bytes | None] = {
        "topic": b"posts",
        "partition": b"3",
        "offset": b"70",
        "reason": b"bad_wire",
        "detail": b"no event",
        "size": b"4",
        "sha256": hashlib.sha256(PAYLOAD).hexdigest().encode(),
    }
    kept = {name: value for name, value in (headers | changes).items() if value is not None}
    return StoredRecord(9, int(NOW * 1000) - 60_000, None, PAYLOAD, kept)


def letter(**changes: bytes | None) -> Letter:
    read = parse_letter(record(**changes))
    assert read is not None
    return read


def test_the_headers_are_read() -> None:
    read = letter()
    assert (read.number, read.place, read.offset) == (9, PartitionAddress("posts", 3), 70)
    assert (read.reason, read.detail, read.size, read.is_whole) == ("bad_wire", "no event", 4, True)


@pytest.mark.parametrize("name", ["topic", "partition", "offset", "reason", "detail", "size", "sha256"])
def test_a_record_without_a_header_is_no_letter(name: str) -> None:
    assert parse_letter(record(**{name: None})) is None


@pytest.mark.parametrize("name", ["partition", "offset", "size"])
def test_a_record_with_another_header_is_no_letter(name: str) -> None:
    assert parse_letter(record(**{name: b"many"})) is None


def test_a_cut_letter_is_not_whole() -> None:
    cut = letter(size=b"5")
    assert not cut.is_whole
    assert "4 bytes" not in "".join(letter_lines(cut))
    assert "the first 4" in "".join(letter_lines(cut))


def test_an_original_has_size_and_hash() -> None:
    read = letter()
    assert read.is_original(PAYLOAD)
    assert not read.is_original(b"abcd")
    assert not read.is_original(None)


@pytest.mark.parametrize(
    ("option", "passing", "failing"),
    [
        ("letters", "1,8-9", "10-"),
        ("from_topic", "follows,posts", "follows"),
        ("from_partition", "3", "0-2"),
        ("from_offsets", "70-", "0-69,71-"),
        ("reason", "bad_wire", "bad_id"),
        ("since", "1m", "59s"),
        ("until", "60", "2m"),
    ],
)
def test_each_filter_lets_some_pass(option: str, passing: str, failing: str) -> None:
    asked = [LetterListSettings.model_validate({option: value}) for value in (passing, failing)]
    assert [is_asked_for(letter(), options, NOW) for options in asked] == [True, False]
    assert is_asked_for(letter(), LetterListSettings(), NOW)


@pytest.mark.parametrize("text", ["", "a", "1-2-3", "-5", "1,,2", "1;2"])
def test_other_ranges_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="should be numbers and ranges such as 5, 5-9 or 5-"):
        LetterListSettings.model_validate({"letters": text})


def test_texts_have_all_facts() -> None:
    assert letter_line(letter()).split() == [
        *("9", "1970-01-12", "13:45:40", "posts[3]", "offset", "70", "4", "B", "bad_wire:", "no", "event")
    ]
    assert letter_lines(letter())[-1].endswith("61 62 63 00                                      abc.")
    facts = letter_as_json(letter())
    assert (facts["topic"], facts["partition"], facts["payload"]) == ("posts", 3, "YWJjAA==")
    assert "place" not in facts
