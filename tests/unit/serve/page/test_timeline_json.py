"""Posts as JSON, and the reason for each after the worked table of contract 4.4."""

import json

import pytest

from common.pb.thunder.v1.in_network_pb2 import LightPost
from serve.page.store import ViewerFollows
from serve.page.timeline_json import Why, people_in, posts_as_json, why

POST = LightPost(post_id=2**63 - 1, author_id=2, created_at=1_700_000_000, has_video=True)
REPLY = LightPost(
    post_id=7,
    author_id=3,
    created_at=1_700_000_000,
    is_reply=True,
    in_reply_to_post_id=6,
    in_reply_to_user_id=2,
    conversation_id=5,
)
REPOST = LightPost(post_id=8, author_id=3, is_retweet=True, source_post_id=1, source_user_id=9, in_reply_to_user_id=4)
KNOWN = ViewerFollows(2, frozenset({2, 3}), {2: "Ada", 9: "</script><b>"})


def test_a_post_has_its_author_kind_and_reason() -> None:
    post, reply, repost = posts_as_json([POST, REPLY, REPOST], KNOWN)
    assert post == {
        "id": "9223372036854775807",
        "author": {"id": "2", "name": "Ada"},
        "created_at": 1_700_000_000,
        "kind": "video",
        "why": "you follow its author",
        "about": None,
    }
    assert (reply["kind"], reply["why"]) == ("reply", "goes on with a conversation, answering someone you follow")
    assert (reply["author"], reply["about"]) == ({"id": "3", "name": None}, {"id": "2", "name": "Ada"})
    assert (repost["kind"], repost["about"]) == ("repost", {"id": "9", "name": "</script><b>"})
    json.dumps([post, reply, repost])


def test_people_are_authors_and_those_answered_or_reposted() -> None:
    assert people_in([POST, REPLY, REPOST]) == {2, 3, 9}
    assert people_in([]) == frozenset()


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
        pytest.param(reply(to=1001, conversation=1000), Why.STORED_POST, id="an original that answers no one"),
        pytest.param(reply(to=1001, user=2), Why.STORED_POST, id="no conversation"),
    ],
)
def test_the_reason_is_the_rule_that_let_the_post_pass(post: LightPost, expected: Why) -> None:
    assert why(post, FOLLOWING) is expected
