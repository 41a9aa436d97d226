"""The worked table of contract 4.4, and what is told of the posts that pass."""

import pytest

from common.pb.thunder.v1.in_network_pb2 import LightPost
from serve.page.why import Why, why

FOLLOWING = {2, 3, 4, 5}


def reply(*, to: int, user: int | None = None, conversation: int | None = None) -> LightPost:
    return LightPost(
        author_id=3, is_reply=True, in_reply_to_post_id=to, in_reply_to_user_id=user, conversation_id=conversation
    )


@pytest.mark.parametrize(
    ("post", "expected"),
    [
        pytest.param(LightPost(author_id=2, conversation_id=9), Why.AUTHOR, id="a post"),
        pytest.param(LightPost(author_id=2, has_video=True), Why.AUTHOR, id="a video"),
        pytest.param(LightPost(author_id=2, is_retweet=True, source_user_id=8), Why.REPOST, id="a repost"),
        pytest.param(
            LightPost(is_retweet=True, is_reply=True, in_reply_to_post_id=7, conversation_id=7),
            Why.REPOST,
            id="a repost that is a reply",
        ),
        pytest.param(LightPost(is_reply=True, in_reply_to_user_id=2), Why.MENTION, id="a user, no post"),
        pytest.param(LightPost(is_reply=True), Why.UNADDRESSED, id="neither"),
        pytest.param(reply(to=1000, user=10, conversation=1000), Why.BEGINNING, id="the root, by a stranger"),
        pytest.param(
            reply(to=1001, user=2, conversation=1000), Why.CONVERSATION, id="second level, to someone followed"
        ),
        pytest.param(reply(to=1001, user=99, conversation=1000), Why.STORED_POST, id="an original, to a stranger"),
        pytest.param(reply(to=1001, conversation=1000), Why.STORED_POST, id="an original, to nobody"),
        pytest.param(reply(to=1001, user=2), Why.STORED_POST, id="no conversation"),
    ],
)
def test_a_post_is_there_for_the_rule_that_let_it_in(post: LightPost, expected: Why) -> None:
    assert why(post, FOLLOWING) is expected
