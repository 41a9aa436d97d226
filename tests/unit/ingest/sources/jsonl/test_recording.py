from pathlib import Path

import pytest

from common.errors import ConfigurationError
from common.post import LightPost
from ingest.sources.bluesky.lines import parse_jetstream_line
from ingest.sources.jsonl import lines
from ingest.sources.jsonl.recording import ReplaySource
from ingest.sources.jsonl.shifted_times import time_of
from ingest.sources.message import TOO_LARGE, Disposition, ParsedMessage
from tests.support.sources.jetstream_lines import POST, REPOST, commit, line, uri

RECORDING = Path(__file__).parents[4] / "data" / "jetstream_recording.jsonl"
NOW = 1_800_000_000


def never() -> bool:
    return False


def recording(folder: Path, *lines: str) -> ReplaySource:
    path = folder / "recording.jsonl"
    path.write_text("".join(f"{text}\n" for text in lines))
    return ReplaySource("bluesky", path, parse_jetstream_line)


def test_it_says_every_line_once_and_ends() -> None:
    source = ReplaySource("bluesky", RECORDING, parse_jetstream_line)
    heard = list(source.listen("", never))

    assert len(heard) == source.expected == 27
    assert [h._replace(position="") for h in heard] == [
        parse_jetstream_line(text)._replace(position="") for text in RECORDING.read_bytes().splitlines()
    ]


def test_blank_lines_count_for_the_position_alone(tmp_path: Path) -> None:
    source = recording(tmp_path, "", commit(POST), "  ", commit(REPOST, subject={"uri": uri()}), "")

    assert [h.position for h in source.listen("", never)] == ["2", "4"]
    assert source.expected == 2


def test_the_last_line_needs_no_end(tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    path.write_text(commit(POST))

    assert [h.fate for h in ReplaySource("bluesky", path, parse_jetstream_line).listen("", never)] == [Disposition.SENT]


def test_it_resumes_after_a_line(tmp_path: Path) -> None:
    source = recording(tmp_path, commit(POST), "oops", commit(POST, "delete"))

    assert [h.position for h in source.listen("1", never)] == ["2", "3"]
    assert list(source.listen("3", never)) == []


def test_a_bad_line_is_dropped_with_its_number(tmp_path: Path) -> None:
    source = recording(tmp_path, commit(POST), "oops")

    *_, bad = source.listen("", never)

    assert (bad.fate, bad.label) == (Disposition.DROPPED, "not_json")
    assert bad.detail.startswith("line 2: ")


@pytest.mark.parametrize("length", [101, 200, 350])
def test_a_line_that_is_too_long_is_dropped_alone(length: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 100)
    short = "x" * 99
    source = recording(tmp_path, short, "y" * (length - 1), short)

    assert [h.label for h in source.listen("", never)] == ["not_json", TOO_LARGE, "not_json"]
    assert source.expected == 3


def test_the_recording_ends_now_when_it_is_moved() -> None:
    source = ReplaySource("bluesky", RECORDING, parse_jetstream_line, ends_at=lambda: NOW)
    as_it_was = ReplaySource("bluesky", RECORDING, parse_jetstream_line)

    moved, still = times(source), times(as_it_was)

    assert max(moved) == NOW
    assert {later - at for later, at in zip(moved, still, strict=True)} == {NOW - max(still)}


def times(source: ReplaySource) -> list[int]:
    return [time_of(h.event) for h in source.listen("", never) if h.event is not None]


def test_a_recording_without_events_has_nothing_to_move(tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    path.write_text("oops\n")

    heard = list(ReplaySource("bluesky", path, parse_jetstream_line, ends_at=lambda: NOW).listen("", never))

    assert [h.fate for h in heard] == [Disposition.DROPPED]


def test_absurd_time_is_not_the_end_of_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "posts"
    path.write_text("5\n9999999999999\n")

    def hear(text: bytes) -> ParsedMessage:
        return ParsedMessage(Disposition.SENT, "post", LightPost(1, 2, int(text)))

    assert times(ReplaySource("jsonl", path, hear, ends_at=lambda: 100)) == [100, 9999999999999]


def test_it_ends_when_told_to_stop(tmp_path: Path) -> None:
    answers = iter([False, False, True])
    source = recording(tmp_path, *[commit(POST)] * 5)

    assert len(list(source.listen("", lambda: next(answers)))) == 2


@pytest.mark.parametrize("position", ["-1", "x", "1.5", "٣"])
def test_a_position_that_is_no_line_is_an_error(position: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="number of a line"):
        list(recording(tmp_path, line()).listen(position, never))


def test_a_file_that_cannot_be_read_is_an_error_that_says_why(tmp_path: Path) -> None:
    source = ReplaySource("bluesky", tmp_path / "nothing.jsonl", parse_jetstream_line)

    with pytest.raises(ConfigurationError, match=r"cannot read .*nothing.jsonl: No such file"):
        list(source.listen("", never))
    with pytest.raises(ConfigurationError, match="No such file"):
        _ = source.expected
