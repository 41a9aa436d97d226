import os
from collections.abc import Generator
from contextlib import contextmanager
from threading import Event, Thread

from ingest.sources.jsonl.event_lines import parse_event_line
from ingest.sources.jsonl.pipe import PipeSource
from ingest.sources.message import ParsedMessage
from tests.support.wait import eventually

POST = b'{"tweetCreateEvent": {"postId": 1, "authorId": 2, "createdAt": 3}}\n'


@contextmanager
def pipe() -> Generator[tuple[int, int]]:
    reading, writing = os.pipe()
    try:
        yield reading, writing
    finally:
        os.close(reading)


def test_lines_are_said_as_they_come_until_the_pipe_ends() -> None:
    with pipe() as (reading, writing):
        heard: list[ParsedMessage] = []
        source = PipeSource("jsonl", reading, parse_event_line)
        listener = Thread(target=lambda: heard.extend(source.listen("", lambda: False)))
        os.write(writing, POST + b"\noops\n")
        os.write(writing, POST[:20])
        listener.start()
        os.write(writing, POST[20:])
        os.close(writing)
        listener.join(10)

    assert [each.label for each in heard] == ["post", "not_json", "post"]
    assert heard[1].detail.startswith("line 3: ")
    assert {each.position for each in heard} == {""}


def test_a_silent_pipe_does_not_keep_it_from_stopping() -> None:
    with pipe() as (reading, writing):
        told, ended = Event(), Event()
        source = PipeSource("jsonl", reading, parse_event_line)

        def listen() -> None:
            assert list(source.listen("", told.is_set)) == []
            ended.set()

        Thread(target=listen, daemon=True).start()
        told.set()
        eventually(ended.is_set, "it has stopped", timeout=5)
        os.close(writing)
