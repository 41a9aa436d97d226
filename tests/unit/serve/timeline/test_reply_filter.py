import pytest

from common.post import LightPost
from common.store.member import encode_id, encode_member
from serve.timeline.reply_filter import source_user_of_repost

POST = LightPost(7, 5, 1_790_000_000, source_post_id=8, source_user_id=9)


@pytest.mark.parametrize(
    ("post", "source"),
    [
        (POST._replace(is_retweet=True), encode_id(9)),
        (POST._replace(is_retweet=True, is_reply=True, in_reply_to_post_id=3, has_video=True), encode_id(9)),
        (POST._replace(is_retweet=True, source_user_id=None), None),
        (POST._replace(is_reply=True), None),
        (POST, None),
    ],
)
def test_only_a_repost_has_a_source(post: LightPost, source: bytes | None) -> None:
    assert source_user_of_repost(encode_member(post)) == source
