import json
from io import BytesIO
from pathlib import Path

import pytest

from common.post import LightPost
from ingest.events import AuthorDelete, PostDelete
from ingest.sources.jsonl import lines
from ingest.sources.jsonl.lines import numbered_lines
from thunder.demo.recording.file import Recording, RecordingFormat, read_recording

JETSTREAM = Path(__file__).parents[4] / "data" / "jetstream_recording.jsonl"
AT = 1_760_000_000


def create(post_id: object = 1, **fields: object) -> bytes:
    return json.dumps({"tweetCreateEvent": {"postId": post_id, "authorId": "7", "createdAt": AT} | fields}).encode()


def recorded(*content: bytes) -> Recording:
    return read_recording(numbered_lines(BytesIO(b"\n".join(content))))


def test_both_spellings_of_proto3_json_are_read() -> None:
    recording = recorded(
        create("9007199254740993", isReply=True, inReplyToPostId=5),
        b'{"tweet_create_event": {"post_id": 2, "author_id": 7, "created_at": 1760000001}}',
        b'{"tweetDeleteEvent": {"postId": "2", "deletedAt": "1760000002"}}',
        b'{"authorDeleteEvent": {"authorId": "7", "deletedAt": "1760000003"}}',
    )

    assert recording.format is RecordingFormat.IN_NETWORK_EVENTS
    assert recording.events == [
        LightPost(9007199254740993, 7, AT, in_reply_to_post_id=5, is_reply=True),
        LightPost(2, 7, AT + 1),
        PostDelete(2, AT + 2),
        AuthorDelete(7, AT + 3),
    ]
    assert (recording.lines, recording.newest, recording.bad_lines) == (4, AT + 1, [])


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{", "not an InNetworkEvent"),
        (b"7", "not an InNetworkEvent"),
        (b"\xff", "not an InNetworkEvent"),
        (b"[" * 100_000, "not an InNetworkEvent"),
        (b'{"likeEvent": {}}', "likeEvent"),
        (create(postText="x"), "postText"),
        (create(**{"\x1b[2J": 1}), "not an InNetworkEvent"),
        (create(2**63), "postId"),
        (create(0), "post_id"),
        (create(-1), "post_id"),
        (b"{}", "event_variant"),
    ],
)
def test_bad_line_is_listed_and_dropped_alone(line: bytes, why: str) -> None:
    recording = recorded(create(1), b"", line, create(2))

    assert [post.post_id for post in recording.events if isinstance(post, LightPost)] == [1, 2]
    assert [bad.number for bad in recording.bad_lines] == [3]
    assert why in recording.bad_lines[0].why
    assert recording.bad_lines[0].why.isprintable()


def test_line_that_is_too_long_is_listed_and_dropped_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 200)
    recording = recorded(create(1), create(2, postText="x" * 200), create(3))
    assert [post.post_id for post in recording.events if isinstance(post, LightPost)] == [1, 3]
    [(unit, number, why)] = recording.bad_lines
    assert (unit, number) == ("line", 2)
    assert why.startswith("more than ")


def test_absurd_time_is_not_the_newest() -> None:
    assert recorded(create(1), create(2, createdAt=str(2**62))).newest == AT


def test_jetstream_is_detected_and_counted_line_by_line() -> None:
    recording = recorded(b"{", *JETSTREAM.read_bytes().splitlines())

    assert recording.format is RecordingFormat.JETSTREAM
    assert [bad.number for bad in recording.bad_lines] == [1]
    assert recording.newest == AT + 27
    assert len(recording.events) == 16
    assert len(recording.follows) == 4
    assert sum(recording.ignored.values()) == 7
    assert recording.lines == 28


def test_author_is_named_by_did_or_id() -> None:
    jetstream = recorded(JETSTREAM.read_bytes())
    post = next(event for event in jetstream.events if isinstance(event, LightPost))

    assert jetstream.name_of(post.author_id) == "did:plc:alicexxxxxxxxxxxxxxxxxxx"
    assert jetstream.name_of(1) == "someone not in the recording"
    assert recorded(create()).name_of(7) == "7"


def test_empty_file_is_an_empty_recording() -> None:
    recording = recorded(b"\n", b"  \n")

    assert (recording.lines, recording.events, recording.newest) == (0, [], 0)
