import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from common.errors import ConfigurationError
from common.post import LightPost
from ingest.sources.bluesky.jetstream import parse_jetstream_line
from ingest.sources.jsonl import lines
from ingest.sources.jsonl.event_lines import parse_event_line
from ingest.sources.jsonl.shifted_times import time_of
from ingest.sources.jsonl.source import PipeSource, ReplaySource
from ingest.sources.message import TOO_LARGE, Disposition, ParsedMessage
from tests.support.sources.jetstream_lines import POST, REPOST, commit, line, uri
from tests.support.wait import eventually

RECORDING = Path(__file__).parents[4] / "data" / "jetstream_recording.jsonl"
NOW = 1_800_000_000


def never() -> bool:
    return False


def recording(folder: Path, *lines: str) -> ReplaySource:
    path = folder / "recording.jsonl"
    path.write_text("".join(f"{text}\n" for text in lines))
    return ReplaySource("bluesky", path, parse_jetstream_line)


def test_every_line_comes_once() -> None:
    source = ReplaySource("bluesky", RECORDING, parse_jetstream_line)
    parsed = list(source.listen("", never))

    assert len(parsed) == source.expected == 27
    assert [each._replace(position="") for each in parsed] == [
        parse_jetstream_line(text)._replace(position="") for text in RECORDING.read_bytes().splitlines()
    ]


def test_blank_lines_count_for_the_position_alone(tmp_path: Path) -> None:
    source = recording(tmp_path, "", commit(POST), "  ", commit(REPOST, subject={"uri": uri()}), "")

    assert [each.position for each in source.listen("", never)] == ["2", "4"]
    assert source.expected == 2


def test_the_last_line_needs_no_end(tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    path.write_text(commit(POST))

    assert [each.disposition for each in ReplaySource("bluesky", path, parse_jetstream_line).listen("", never)] == [
        Disposition.SENT
    ]


def test_it_resumes_after_a_line(tmp_path: Path) -> None:
    source = recording(tmp_path, commit(POST), "oops", commit(POST, "delete"))

    assert [each.position for each in source.listen("1", never)] == ["2", "3"]
    assert list(source.listen("3", never)) == []


def test_a_bad_line_is_dropped_with_its_number(tmp_path: Path) -> None:
    source = recording(tmp_path, commit(POST), "oops")

    *_, bad = source.listen("", never)

    assert (bad.disposition, bad.label) == (Disposition.DROPPED, "not_json")
    assert bad.detail.startswith("line 2: ")


@pytest.mark.parametrize("length", [101, 200, 350])
def test_a_line_that_is_too_long_is_dropped_alone(length: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 100)
    short = "x" * 99
    source = recording(tmp_path, short, "y" * (length - 1), short)

    assert [each.label for each in source.listen("", never)] == ["not_json", TOO_LARGE, "not_json"]
    assert source.expected == 3


def test_the_recording_ends_now_when_it_is_moved() -> None:
    source = ReplaySource("bluesky", RECORDING, parse_jetstream_line, ends_at=lambda: NOW)
    as_it_was = ReplaySource("bluesky", RECORDING, parse_jetstream_line)

    moved, still = times(source), times(as_it_was)

    assert max(moved) == NOW
    assert {later - at for later, at in zip(moved, still, strict=True)} == {NOW - max(still)}


def times(source: ReplaySource) -> list[int]:
    return [time_of(each.event) for each in source.listen("", never) if each.event is not None]


def test_a_recording_without_events_has_nothing_to_move(tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    path.write_text("oops\n")

    parsed = list(ReplaySource("bluesky", path, parse_jetstream_line, ends_at=lambda: NOW).listen("", never))

    assert [each.disposition for each in parsed] == [Disposition.DROPPED]


def test_an_absurd_time_is_not_the_end_of_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "posts"
    path.write_text("5\n9999999999999\n")

    def parse(text: bytes) -> ParsedMessage:
        return ParsedMessage(Disposition.SENT, "post", LightPost(1, 2, int(text)))

    assert times(ReplaySource("jsonl", path, parse, ends_at=lambda: 100)) == [100, 9999999999999]


def test_it_ends_when_stopped(tmp_path: Path) -> None:
    answers = iter([False, False, True])
    source = recording(tmp_path, *[commit(POST)] * 5)

    assert len(list(source.listen("", lambda: next(answers)))) == 2


@pytest.mark.parametrize("position", ["-1", "x", "1.5", "٣"])
def test_a_position_that_is_no_line_is_an_error(position: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="number of a line"):
        list(recording(tmp_path, line()).listen(position, never))


def test_an_unreadable_file_is_an_error_with_the_reason(tmp_path: Path) -> None:
    source = ReplaySource("bluesky", tmp_path / "nothing.jsonl", parse_jetstream_line)

    with pytest.raises(ConfigurationError, match=r"cannot read .*nothing.jsonl: No such file"):
        list(source.listen("", never))
    with pytest.raises(ConfigurationError, match="No such file"):
        _ = source.expected


PIPED_POST = b'{"tweetCreateEvent": {"postId": 1, "authorId": 2, "createdAt": 3}}\n'


@contextmanager
def pipe() -> Generator[tuple[int, int]]:
    reading, writing = os.pipe()
    try:
        yield reading, writing
    finally:
        os.close(reading)


def test_lines_of_a_pipe_come_until_it_ends() -> None:
    with pipe() as (reading, writing):
        parsed: list[ParsedMessage] = []
        source = PipeSource("jsonl", reading, parse_event_line)
        listener = Thread(target=lambda: parsed.extend(source.listen("", lambda: False)))
        os.write(writing, PIPED_POST + b"\noops\n")
        os.write(writing, PIPED_POST[:20])
        listener.start()
        os.write(writing, PIPED_POST[20:])
        os.close(writing)
        listener.join(10)

    assert [each.label for each in parsed] == ["post", "not_json", "post"]
    assert parsed[1].detail.startswith("line 3: ")
    assert {each.position for each in parsed} == {""}


def test_a_silent_pipe_can_be_stopped() -> None:
    with pipe() as (reading, writing):
        stop, ended = Event(), Event()
        source = PipeSource("jsonl", reading, parse_event_line)

        def listen() -> None:
            assert list(source.listen("", stop.is_set)) == []
            ended.set()

        Thread(target=listen, daemon=True).start()
        stop.set()
        eventually(ended.is_set, "it has stopped", timeout=5)
        os.close(writing)
