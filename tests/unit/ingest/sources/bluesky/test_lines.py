import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sources.bluesky.jetstream import IgnoredKind, read_line
from ingest.sources.bluesky.lines import parse_jetstream_line
from ingest.sources.json_line import BadLineReason
from ingest.sources.message import Disposition, SentKind
from tests.support.sources.jetstream_lines import AT, POST, REPOST, account, commit, reply, uri
from tests.support.sources.json_mutations import ANY_JSON, mutated_json

RECORDING = Path(__file__).parents[4] / "data" / "jetstream_recording.jsonl"
VIDEO = {"$type": "app.bsky.embed.video"}
FOLLOW = "app.bsky.graph.follow"


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (commit(POST), SentKind.POST),
        (commit(POST, embed=VIDEO), SentKind.VIDEO),
        (commit(POST, reply=reply(uri(), uri())), SentKind.REPLY),
        (commit(POST, reply=reply(uri(), uri()), embed=VIDEO), SentKind.REPLY),
        (commit(REPOST, subject={"uri": uri()}), SentKind.REPOST),
        (commit(POST, "delete"), SentKind.DELETE),
        (commit(REPOST, "delete"), SentKind.DELETE),
        (account(active=False, status="deleted"), SentKind.AUTHOR_DELETE),
        (commit(FOLLOW, subject="did:web:bob.example"), SentKind.FOLLOW),
        (commit(FOLLOW, "delete"), SentKind.UNFOLLOW),
    ],
)
def test_what_is_sent_is_counted_by_what_it_is(line: str, kind: SentKind) -> None:
    heard = parse_jetstream_line(line)

    assert (heard.fate, heard.label) == (Disposition.SENT, kind)
    assert heard.event == read_line(line).outcome


def test_the_position_is_the_time_of_the_event_in_microseconds() -> None:
    assert parse_jetstream_line(commit(POST)).position == str(AT * 1_000_000 + 999_999)
    assert parse_jetstream_line(commit("app.bsky.feed.like")).position == str(AT * 1_000_000 + 999_999)


def test_a_bad_date_is_told() -> None:
    assert parse_jetstream_line(commit(POST, createdAt="yesterday")).has_bad_date
    assert not parse_jetstream_line(commit(POST)).has_bad_date


def test_a_bad_line_is_dropped_by_reason_and_quotes_nothing() -> None:
    heard = parse_jetstream_line(commit(POST, reply=reply(uri(), "at://secret.example/x/y")))

    assert (heard.fate, heard.label) == (Disposition.DROPPED, BadLineReason.BAD_REFERENCE)
    assert heard.event is None
    assert "secret" not in heard.detail


def test_every_line_of_a_recording_is_accounted_for() -> None:
    heard = [parse_jetstream_line(line) for line in RECORDING.read_bytes().splitlines()]

    assert Counter((h.fate.value, h.label) for h in heard) == {
        ("sent", SentKind.POST): 6,
        ("sent", SentKind.VIDEO): 2,
        ("sent", SentKind.REPLY): 3,
        ("sent", SentKind.REPOST): 2,
        ("sent", SentKind.DELETE): 2,
        ("sent", SentKind.AUTHOR_DELETE): 1,
        ("sent", SentKind.FOLLOW): 3,
        ("sent", SentKind.UNFOLLOW): 1,
        ("ignored", IgnoredKind.LIKE): 1,
        ("ignored", IgnoredKind.BLOCK): 1,
        ("ignored", IgnoredKind.PROFILE): 1,
        ("ignored", IgnoredKind.UPDATE): 1,
        ("ignored", IgnoredKind.IDENTITY): 1,
        ("ignored", IgnoredKind.ACCOUNT): 1,
        ("ignored", IgnoredKind.OTHER): 1,
    }


@given(mutated_json(*RECORDING.read_text().splitlines()))
def test_whatever_a_line_says_something_becomes_of_it(line: str) -> None:
    heard = parse_jetstream_line(line)

    assert heard.label in {*SentKind, *IgnoredKind, *BadLineReason}
    assert (heard.event is None) == (heard.fate is not Disposition.SENT)


@given(st.binary() | st.text() | ANY_JSON.map(json.dumps))
def test_garbage_is_dropped(garbage: bytes | str) -> None:
    assert parse_jetstream_line(garbage).fate is Disposition.DROPPED
