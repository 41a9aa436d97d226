import pytest

from common.post import LightPost
from ingest.decode.tweet_transform import RawDecoder
from ingest.events import Dropped, DropReason, PostDelete
from thunder.demo.synthetic.raw_tweets import encode_create, encode_delete

NOW = 1_790_000_000
decode = RawDecoder(retention_seconds=172_800, delete_quoting_posts=True)


@pytest.mark.parametrize(
    "post",
    [
        LightPost(1000, 10, NOW),
        LightPost(1000, 10, NOW, has_video=True),
        LightPost(1000, 10, NOW, is_reply=True, in_reply_to_user_id=9),
        LightPost(1000, 10, NOW, is_reply=True, in_reply_to_post_id=900, in_reply_to_user_id=9, conversation_id=800),
        LightPost(1000, 10, NOW, is_retweet=True),
        LightPost(1000, 10, NOW, is_retweet=True, source_post_id=700, source_user_id=7, is_reply=True),
    ],
)
def test_transformer_decodes_an_encoded_post(post: LightPost) -> None:
    assert decode(encode_create(post), NOW) == post


def test_nullcast_is_encoded() -> None:
    assert decode(encode_create(LightPost(1000, 10, NOW), nullcast=True), NOW) == Dropped(DropReason.NULLCAST)


def test_delete_carries_the_time_of_its_post() -> None:
    assert decode(encode_delete(1000), NOW) == PostDelete(1000, NOW)
    assert decode(encode_delete(1000, created_at=NOW - 5), NOW) == PostDelete(1000, NOW)
    assert decode(encode_delete(1000, created_at=5), NOW) == Dropped(DropReason.DELETE_EXPIRED)
