import json

import pytest

from common.pb.thunder.v1.in_network_pb2 import LightPost
from common.telemetry.http_routes import BadQuery
from serve.page.live_page import TimelineQuery, read_timeline_query
from serve.page.store import ViewerFollows
from serve.page.timeline_json import people_in, posts_as_json

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


def test_a_post_is_told_with_its_author_kind_and_reason() -> None:
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


def test_everybody_who_is_told_of_is_asked_for() -> None:
    assert people_in([POST, REPLY, REPOST]) == {2, 3, 9}
    assert people_in([]) == frozenset()


def test_a_browser_says_whose_timeline_it_wants() -> None:
    assert read_timeline_query({}) == TimelineQuery(None, videos=False)
    assert read_timeline_query({"viewer": "12", "videos": "1"}) == TimelineQuery(12, videos=True)
    assert read_timeline_query({"viewer": str(2**63 - 1), "videos": "0"}) == TimelineQuery(2**63 - 1, videos=False)


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({"viewer": "0"}, "viewer is a number from 1 to 9223372036854775807"),
        ({"viewer": "-1"}, "viewer is a number"),
        ({"viewer": ""}, "viewer is a number"),
        ({"viewer": "²"}, "viewer is a number"),
        ({"viewer": str(2**63)}, "viewer is a number"),
        ({"viewer": "9" * 5000}, "viewer is a number"),
        ({"viewer": "1", "videos": "yes"}, "videos is 0 or 1"),
        ({"user": "1"}, "no such parameter: 'user'; there is viewer and videos"),
    ],
)
def test_anything_else_is_refused_with_the_reason(parameters: dict[str, str], complaint: str) -> None:
    with pytest.raises(BadQuery, match=complaint):
        read_timeline_query(parameters)
