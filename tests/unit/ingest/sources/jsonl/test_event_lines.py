import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.post import LightPost
from ingest.events import AuthorDelete, Follow, PostDelete
from ingest.sources.jsonl.event_lines import BadEventReason, parse_event_line
from ingest.sources.message import Disposition, ParsedMessage

AT = 1_760_000_000


def line(**fields: object) -> bytes:
    return json.dumps(fields).encode()


@pytest.mark.parametrize(
    ("text", "label", "event"),
    [
        (line(tweetCreateEvent={"postId": "1", "authorId": 2, "createdAt": AT}), "post", LightPost(1, 2, AT)),
        (
            line(tweet_create_event={"post_id": 1, "author_id": 2, "created_at": AT, "has_video": True}),
            "video",
            LightPost(1, 2, AT, has_video=True),
        ),
        (line(tweetDeleteEvent={"postId": "1", "deletedAt": str(AT)}), "delete", PostDelete(1, AT)),
        (line(authorDeleteEvent={"authorId": "7", "deletedAt": str(AT)}), "author_delete", AuthorDelete(7, AT)),
        (line(viewerId="1", targetId="2", at=str(AT)), "follow", Follow(1, 2, 0, AT)),
        (
            line(viewer_id=1, follow_id=3, at=AT, removed=True),
            "unfollow",
            Follow(1, 0, 3, AT, removed=True),
        ),
    ],
)
def test_a_line_is_an_event_in_either_spelling_of_proto3_json(
    text: bytes, label: str, event: LightPost | PostDelete | AuthorDelete | Follow
) -> None:
    assert parse_event_line(text) == ParsedMessage(Disposition.SENT, label, event)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"{", BadEventReason.NOT_JSON),
        (b"7", BadEventReason.NOT_JSON),
        (b"\xff", BadEventReason.NOT_JSON),
        (b"[" * 100_000, BadEventReason.NOT_JSON),
        (line(likeEvent={}), BadEventReason.NOT_AN_EVENT),
        (line(tweetCreateEvent=5), BadEventReason.NOT_AN_EVENT),
        (line(tweetCreateEvent={"postId": 2**63}), BadEventReason.NOT_AN_EVENT),
        (line(viewerId="1", follows="2"), BadEventReason.NOT_AN_EVENT),
        (line(), BadEventReason.MISSING_FIELD),
        (line(tweetCreateEvent={"authorId": 1}), BadEventReason.BAD_ID),
        (line(viewerId=1, at=AT), BadEventReason.BAD_ID),
        (line(viewerId=1, targetId=2), BadEventReason.BAD_TIME),
    ],
)
def test_a_line_that_is_no_event_is_dropped_by_reason(text: bytes, reason: BadEventReason) -> None:
    parsed = parse_event_line(text)

    assert (parsed.disposition, parsed.label) == (Disposition.DROPPED, reason)
    assert parsed.detail
    assert reason not in parsed.detail  # it is the label


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["tweetCreateEvent", "tweetDeleteEvent", "postId", "authorId", "viewerId", "at", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@given(st.binary(max_size=30) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_line_is_sent_or_dropped(text: bytes) -> None:
    assert (parse_event_line(text).event is None) is (parse_event_line(text).disposition is Disposition.DROPPED)
