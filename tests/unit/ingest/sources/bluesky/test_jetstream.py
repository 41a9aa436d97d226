import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.ids import id_of_string
from ingest.events import AuthorDelete
from ingest.sources.bluesky.jetstream import IgnoredKind, parse_jetstream_line, read_line
from ingest.sources.json_line import BadLine, BadLineReason
from ingest.sources.message import Disposition, SentKind
from tests.support.sources.jetstream_lines import (
    ALICE,
    AT,
    BOB,
    FOLLOW,
    POST,
    REPOST,
    Json,
    account,
    commit,
    line,
    reply,
    uri,
)
from tests.support.sources.json_mutations import ANY_JSON, mutated_json

RECORDING = Path(__file__).parents[4] / "data" / "jetstream_recording.jsonl"

ALICES_POST = id_of_string(uri(ALICE, POST, "3abc"))
ALICE_ID, BOB_ID = id_of_string(ALICE), id_of_string(BOB)
WRITTEN_AT = AT - 10


@pytest.mark.parametrize("status", ["deleted", "takendown", "suspended", "deactivated"])
def test_an_account_the_network_hides_takes_its_posts_along(status: str) -> None:
    read = read_line(account(active=False, status=status))

    assert read.outcome == AuthorDelete(ALICE_ID, AT)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (commit("app.bsky.feed.like"), IgnoredKind.LIKE),
        (commit("app.bsky.feed.like", "delete"), IgnoredKind.LIKE),
        (commit("app.bsky.graph.block"), IgnoredKind.BLOCK),
        (commit("app.bsky.graph.listitem"), IgnoredKind.LIST),
        (commit("app.bsky.actor.profile", "update"), IgnoredKind.PROFILE),
        (commit("app.bsky.feed.threadgate"), IgnoredKind.GATE),
        (commit("org.example.anything"), IgnoredKind.OTHER),
        (commit(POST, "update"), IgnoredKind.UPDATE),
        (line(kind="identity", identity={}), IgnoredKind.IDENTITY),
        (account(active=True), IgnoredKind.ACCOUNT),
        (account(active=True, status="deleted"), IgnoredKind.ACCOUNT),
        (account(active=False), IgnoredKind.ACCOUNT),
        (account(active=False, status="desynchronized"), IgnoredKind.ACCOUNT),
        (account(active=0, status="deleted"), IgnoredKind.ACCOUNT),
        (account(status="deleted"), IgnoredKind.ACCOUNT),
        (line(kind="news"), IgnoredKind.OTHER),
        (line(kind=["commit"]), IgnoredKind.OTHER),
    ],
)
def test_what_changes_nothing_in_a_feed_is_ignored_by_kind(text: str, kind: IgnoredKind) -> None:
    assert read_line(text).outcome is kind


WHOLE_AND_IGNORED = (
    commit("app.bsky.feed.like"),
    commit(POST, "update"),
    line(kind="identity", identity={}),
    account(active=True),
    line(kind="news"),
)


@pytest.mark.parametrize("whole", WHOLE_AND_IGNORED)
@pytest.mark.parametrize("damage", [{"did": None}, {"did": "alice"}, {"time_us": None}, {"time_us": 1.5}])
def test_what_is_to_be_ignored_is_so_whatever_else_is_missing(whole: str, damage: Json) -> None:
    damaged = parse_jetstream_line(json.dumps(json.loads(whole) | damage))

    assert damaged == parse_jetstream_line(whole)._replace(position="")


@pytest.mark.parametrize(
    ("hostile", "reason"),
    [
        ("", BadLineReason.NOT_JSON),
        ("{", BadLineReason.NOT_JSON),
        ("[]", BadLineReason.NOT_JSON),
        (b"\xff\xfe{}", BadLineReason.NOT_JSON),
        ("[" * 100_000, BadLineReason.NOT_JSON),
        ('{"did":' + "9" * 5000 + "}", BadLineReason.NOT_JSON),
        ("{}", BadLineReason.BAD_FIELD),
        (line(did=7), BadLineReason.BAD_FIELD),
        (line(did="alice"), BadLineReason.BAD_DID),
        (line(did="did:plc:\ud800"), BadLineReason.BAD_DID),
        (line(did="did:plc:" + "a" * 10_000), BadLineReason.BAD_DID),
        (line(time_us=0), BadLineReason.BAD_TIME),
        (line(time_us=True), BadLineReason.BAD_TIME),
        (line(time_us=1e15), BadLineReason.BAD_TIME),
        (commit(POST).replace(str(AT), "1e"), BadLineReason.BAD_TIME),
        (commit(POST).replace(str(AT), 'NaN, "x": 1'), BadLineReason.NOT_JSON),
        (commit(POST, size=float("inf")), BadLineReason.NOT_JSON),
        (line(time_us=2**63), BadLineReason.BAD_TIME),
        (line(), BadLineReason.BAD_FIELD),
        (line(commit=[]), BadLineReason.BAD_FIELD),
        (line(kind="account"), BadLineReason.BAD_FIELD),
        (commit(POST, "upsert"), BadLineReason.BAD_FIELD),
        (line(commit={"collection": POST, "operation": "create", "rkey": "3abc"}), BadLineReason.BAD_FIELD),
        (line(commit={"collection": POST, "operation": "delete"}), BadLineReason.BAD_FIELD),
        (line(commit={"collection": POST, "operation": "delete", "rkey": "a/b"}), BadLineReason.BAD_REFERENCE),
        (commit(POST, reply={}), BadLineReason.BAD_FIELD),
        (commit(POST, reply=reply(parent=uri(), root=None)), BadLineReason.BAD_FIELD),
        (commit(POST, reply=reply(parent="3xyz", root=uri())), BadLineReason.BAD_REFERENCE),
        (commit(REPOST), BadLineReason.BAD_FIELD),
        (commit(REPOST, subject={"uri": "at://bob.example/app.bsky.feed.post/3xyz"}), BadLineReason.BAD_REFERENCE),
        (commit(REPOST, subject={"uri": uri() + "#fragment"}), BadLineReason.BAD_REFERENCE),
        (commit(FOLLOW, subject=None), BadLineReason.BAD_FIELD),
        (commit(FOLLOW, subject="bob"), BadLineReason.BAD_DID),
    ],
)
def test_a_hostile_line_ends_in_a_reason(hostile: str | bytes, reason: BadLineReason) -> None:
    with pytest.raises(BadLine) as caught:
        read_line(hostile)

    assert caught.value.reason is reason


def test_every_line_of_a_recording_is_accounted_for() -> None:
    outcomes = [read_line(text).outcome for text in RECORDING.read_bytes().splitlines()]

    assert Counter(o.value if isinstance(o, IgnoredKind) else type(o).__name__ for o in outcomes) == {
        "LightPost": 13,
        "PostDelete": 2,
        "AuthorDelete": 1,
        "Follow": 4,
        "like": 1,
        "block": 1,
        "profile": 1,
        "update": 1,
        "identity": 1,
        "account": 1,
        "other": 1,
    }


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (commit(POST), SentKind.POST),
        (commit(POST, embed={"$type": "app.bsky.embed.video"}), SentKind.VIDEO),
        (commit(POST, reply=reply(uri(), uri())), SentKind.REPLY),
        (commit(POST, reply=reply(uri(), uri()), embed={"$type": "app.bsky.embed.video"}), SentKind.REPLY),
        (commit(REPOST, subject={"uri": uri()}), SentKind.REPOST),
        (commit(POST, "delete"), SentKind.DELETE),
        (commit(REPOST, "delete"), SentKind.DELETE),
        (account(active=False, status="deleted"), SentKind.AUTHOR_DELETE),
        (commit(FOLLOW, subject="did:web:bob.example"), SentKind.FOLLOW),
        (commit(FOLLOW, "delete"), SentKind.UNFOLLOW),
    ],
)
def test_sent_messages_are_counted_by_kind(line: str, kind: SentKind) -> None:
    parsed = parse_jetstream_line(line)

    assert (parsed.disposition, parsed.label) == (Disposition.SENT, kind)
    assert parsed.event == read_line(line).outcome


def test_the_position_is_the_event_time_in_microseconds() -> None:
    assert parse_jetstream_line(commit(POST)).position == str(AT * 1_000_000 + 999_999)
    assert parse_jetstream_line(commit("app.bsky.feed.like")).position == str(AT * 1_000_000 + 999_999)


def test_a_bad_date_is_reported() -> None:
    assert parse_jetstream_line(commit(POST, createdAt="yesterday")).has_bad_date
    assert not parse_jetstream_line(commit(POST)).has_bad_date


def test_a_bad_line_is_dropped_without_being_quoted() -> None:
    parsed = parse_jetstream_line(commit(POST, reply=reply(uri(), "at://secret.example/x/y")))

    assert (parsed.disposition, parsed.label) == (Disposition.DROPPED, BadLineReason.BAD_REFERENCE)
    assert parsed.event is None
    assert "secret" not in parsed.detail


def test_every_line_of_a_recording_has_a_disposition() -> None:
    parsed = [parse_jetstream_line(line) for line in RECORDING.read_bytes().splitlines()]

    assert Counter((each.disposition.value, each.label) for each in parsed) == {
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
def test_every_line_has_a_disposition(line: str) -> None:
    parsed = parse_jetstream_line(line)

    assert parsed.label in {*SentKind, *IgnoredKind, *BadLineReason}
    assert (parsed.event is None) == (parsed.disposition is not Disposition.SENT)


@given(st.binary() | st.text() | ANY_JSON.map(json.dumps))
def test_garbage_is_dropped(garbage: bytes | str) -> None:
    assert parse_jetstream_line(garbage).disposition is Disposition.DROPPED
