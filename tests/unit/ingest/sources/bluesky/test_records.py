import pytest

from common.ids import id_of_string
from common.post import LightPost
from ingest.decode.follow_event import decode_follow, encode_follow
from ingest.events import Follow, PostDelete
from ingest.sources.bluesky.jetstream import read_line
from tests.support.sources.jetstream_lines import (
    ALICE,
    AT,
    BOB,
    FOLLOW,
    POST,
    REPOST,
    Json,
    commit,
    reply,
    uri,
)

ALICES_POST = id_of_string(uri(ALICE, POST, "3abc"))
ALICE_ID, BOB_ID = id_of_string(ALICE), id_of_string(BOB)
WRITTEN_AT = AT - 10


def test_a_post() -> None:
    read = read_line(commit(POST, text="hello"))

    assert read.outcome == LightPost(ALICES_POST, ALICE_ID, WRITTEN_AT)
    assert (read.did, read.at, read.time_us) == (ALICE, AT, AT * 1_000_000 + 999_999)
    assert not read.has_bad_date


def test_a_reply_belongs_to_the_conversation_of_its_root() -> None:
    read = read_line(commit(POST, reply=reply(parent=uri(rkey="3second"), root=uri(rkey="3first"))))

    assert read.outcome == LightPost(
        ALICES_POST,
        ALICE_ID,
        WRITTEN_AT,
        in_reply_to_post_id=id_of_string(uri(rkey="3second")),
        in_reply_to_user_id=BOB_ID,
        is_reply=True,
        conversation_id=id_of_string(uri(rkey="3first")),
    )


@pytest.mark.parametrize("via", [None, {"uri": uri(collection=REPOST), "cid": "c"}], ids=["direct", "via"])
def test_a_repost_names_the_original_however_it_was_found(via: Json | None) -> None:
    read = read_line(commit(REPOST, subject={"uri": uri(), "cid": "c"}, via=via))

    assert read.outcome == LightPost(
        id_of_string(uri(ALICE, REPOST, "3abc")),
        ALICE_ID,
        WRITTEN_AT,
        is_retweet=True,
        source_post_id=id_of_string(uri()),
        source_user_id=BOB_ID,
    )


VIDEO: Json = {"$type": "app.bsky.embed.video"}


@pytest.mark.parametrize(
    ("embed", "has_video"),
    [
        (VIDEO, True),
        ({"$type": "app.bsky.embed.recordWithMedia", "media": VIDEO, "record": {}}, True),
        ({"$type": "app.bsky.embed.recordWithMedia", "media": {"$type": "app.bsky.embed.images"}}, False),
        ({"$type": "app.bsky.embed.recordWithMedia", "media": "video"}, False),
        ({"$type": "app.bsky.embed.images"}, False),
        ({"$type": ["app.bsky.embed.video"]}, False),
        ("app.bsky.embed.video", False),
        (None, False),
    ],
)
def test_videos_are_seen_alone_and_beside_a_quoted_post(embed: object, has_video: bool) -> None:
    assert read_line(commit(POST, embed=embed)).outcome == LightPost(
        ALICES_POST, ALICE_ID, WRITTEN_AT, has_video=has_video
    )


@pytest.mark.parametrize("collection", [POST, REPOST])
def test_a_deletion_has_no_record_and_yet_names_the_post(collection: str) -> None:
    read = read_line(commit(collection, "delete"))

    assert read.outcome == PostDelete(id_of_string(uri(ALICE, collection, "3abc")), AT)


def test_a_follow_and_its_end_share_an_id() -> None:
    follow_id = id_of_string(uri(ALICE, FOLLOW, "3abc"))

    assert read_line(commit(FOLLOW, subject=BOB)).outcome == Follow(ALICE_ID, BOB_ID, follow_id, WRITTEN_AT)
    assert read_line(commit(FOLLOW, "delete")).outcome == Follow(ALICE_ID, 0, follow_id, AT, removed=True)


@pytest.mark.parametrize(
    ("written", "at", "is_bad"),
    [
        ("2025-10-09T08:53:10.250Z", WRITTEN_AT, False),
        ("1970-01-01T00:00:01Z", 1, False),
        ("1970-01-01T00:00:00Z", AT, True),
        ("1969-12-31T23:59:00Z", AT, True),
        ("yesterday", AT, True),
    ],
)
def test_a_follow_before_1970_has_the_time_of_its_event(written: str, at: int, is_bad: bool) -> None:
    read = read_line(commit(FOLLOW, createdAt=written, subject=BOB))

    assert isinstance(read.outcome, Follow)
    assert (read.outcome.at, read.has_bad_date) == (at, is_bad)
    assert decode_follow(encode_follow(read.outcome)) == read.outcome


@pytest.mark.parametrize(
    ("written", "created_at", "is_bad"),
    [
        ("2025-10-09T08:53:10.250Z", WRITTEN_AT, False),
        ("2025-10-09T10:53:10+02:00", WRITTEN_AT, False),
        ("2031-01-01T00:00:00Z", AT, False),
        ("9999-12-31T23:59:59-23:59", AT, False),
        ("1969-12-31T23:59:00Z", -60, False),
        ("2025-10-09T08:53:10", AT, True),
        ("0001-01-01T00:00:00+23:59", -62_135_683_140, False),
        ("yesterday", AT, True),
        ("", AT, True),
        (1_760_000_000, AT, True),
        (None, AT, True),
    ],
)
def test_a_post_is_never_younger_than_its_event(written: object, created_at: int, is_bad: bool) -> None:
    read = read_line(commit(POST, createdAt=written))

    assert isinstance(read.outcome, LightPost)
    assert (read.outcome.created_at, read.has_bad_date) == (created_at, is_bad)


def test_endless_nesting_inside_an_embed_is_no_video() -> None:
    embed: Json = VIDEO
    for _ in range(300):
        embed = {"$type": "app.bsky.embed.recordWithMedia", "media": embed}

    outcome = read_line(commit(POST, embed=embed)).outcome

    assert isinstance(outcome, LightPost)
    assert not outcome.has_video
