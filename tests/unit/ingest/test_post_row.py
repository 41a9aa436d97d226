import pytest

from common.post import LightPost
from common.store.commands import words
from common.store.member import encode_member
from common.store.record import LISTED_AS_VIDEO, TOMBSTONE, encode_record, record_field
from ingest.events import AuthorDelete, PostDelete
from ingest.post_row import create_row, delete_row, store_event

POST = LightPost(7, 8, 1_790_000_000, conversation_id=7)
POSTS = [
    POST,
    POST._replace(has_video=True),
    POST._replace(has_video=True, is_reply=True, in_reply_to_post_id=5, in_reply_to_user_id=6),
    POST._replace(is_retweet=True, source_post_id=5, source_user_id=6),
    POST._replace(created_at=0, conversation_id=None),
]


@pytest.mark.parametrize("post", POSTS)
def test_a_row_is_packed_for_both_steps(post: LightPost) -> None:
    row = create_row(post)
    listed = post.has_video and not post.is_reply
    record = encode_record(post, listed_as_video=listed)
    assert row[:3] == post[:3]
    assert (row.flags, bool(row.flags & LISTED_AS_VIDEO)) == (record[0], listed)
    assert row.claim == words((record_field(7), record))
    assert row.addition == words((b"%d" % post.created_at, encode_member(post)))


@pytest.mark.parametrize("post", POSTS)
def test_a_repost_of_a_video_is_one_in_its_record_too(post: LightPost) -> None:
    row = create_row(post).listed_as_video()
    assert row.claim == words((record_field(7), encode_record(post, listed_as_video=True)))
    assert row.flags & LISTED_AS_VIDEO


def test_a_delete_has_an_empty_record() -> None:
    row = delete_row(7)
    assert row.is_delete
    assert (row.flags, row.claim) == (TOMBSTONE, words((record_field(7), b"")))
    assert not create_row(POST).is_delete


def test_events_of_the_store() -> None:
    assert store_event(POST) == create_row(POST)
    assert store_event(PostDelete(7, 0)) == delete_row(7)
    assert store_event(AuthorDelete(7, 0)) == AuthorDelete(7, 0)
