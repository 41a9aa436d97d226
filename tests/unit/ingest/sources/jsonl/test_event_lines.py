import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.post import LightPost
from ingest.events import AuthorDelete, Follow, PostDelete
from ingest.sources.jsonl.event_lines import BadEventReason, parse_event_line
from ingest.sources.message import Disposition, ParsedMessage

AT = 1_760_000_000


def post_with_id(written: str) -> bytes:
    return line(tweetCreateEvent={"postId": 0, "authorId": 2, "createdAt": AT}).replace(b"0", written.encode(), 1)


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


@given(st.decimals(allow_nan=False, allow_infinity=False) | st.integers(-(2**65), 2**65).map(Decimal))
def test_a_number_keeps_every_digit_or_is_refused(number: Decimal) -> None:
    forms = {str(number).lower(), f"{number:f}" if abs(number.adjusted()) < 100 else str(number)}
    for written in forms | {f'"{form}"' for form in forms}:
        event = parse_event_line(post_with_id(written)).event

        is_id = 0 < number < 2**63 and number == int(number)
        assert event == (LightPost(int(number), 2, AT) if is_id else None)


@pytest.mark.parametrize(
    ("written", "post_id"),
    [
        ("9007199254740993.0", 2**53 + 1),
        ("9.223372036854775807e18", 2**63 - 1),
        ('"9007199254740993.0"', 2**53 + 1),
        ('"9.223372036854775807e18"', 2**63 - 1),
        ("1.0", 1),
        ("1e3", 1000),
    ],
)
def test_whole_numbers_with_an_exponent_are_exact(written: str, post_id: int) -> None:
    assert parse_event_line(post_with_id(written)).event == LightPost(post_id, 2, AT)


@pytest.mark.parametrize(
    "written",
    [
        "1e19",
        "9223372036854775808.0",
        "9007199254740993.5",
        "0.1",
        "1e-999999999",
        "1e999999999",
        "9" * 5000,
        "1" + "e" + "9" * 30,
        "NaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "[1.5]",
        '"1_0"',
        '" 1"',
        '"1\\n"',
        '"٣"',
        '"+1.0"',
        '"1_0.0"',
        '".5e1"',
        '"1."',
        '"0.5"',
        '"1e19"',
        '"1e' + "9" * 30 + '"',
        '""',
    ],
)
def test_a_number_that_is_no_id_costs_the_line(written: str) -> None:
    parsed = parse_event_line(post_with_id(written))

    assert parsed.label in {BadEventReason.NOT_JSON, BadEventReason.NOT_AN_EVENT}
    assert parsed.detail


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
