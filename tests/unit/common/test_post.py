import pytest

from common.pb.thunder.v1 import in_network_pb2
from common.post import LightPost, PostKind, post_kind

REPLY_WITH_VIDEO = LightPost(1, 2, 3, is_reply=True, has_video=True)


@pytest.mark.parametrize(
    ("post", "kind"),
    [
        (LightPost(1, 2, 3), PostKind.POST),
        (LightPost(1, 2, 3, has_video=True), PostKind.VIDEO),
        (REPLY_WITH_VIDEO, PostKind.REPLY),
        (REPLY_WITH_VIDEO._replace(is_retweet=True), PostKind.REPOST),
        (in_network_pb2.LightPost(is_retweet=True, has_video=True), PostKind.REPOST),
        (in_network_pb2.LightPost(has_video=True), PostKind.VIDEO),
    ],
)
def test_a_post_is_of_one_kind(post: LightPost | in_network_pb2.LightPost, kind: PostKind) -> None:
    assert post_kind(post) is kind
