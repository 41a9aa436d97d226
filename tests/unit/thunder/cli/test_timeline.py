import pytest

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsResponse, LightPost
from common.post import PostKind
from thunder.cli.timeline_output import TimelineEntry, answer_as_json, newest_age, timeline_entries
from thunder.client import TimedAnswer

NOW = 1_000.5
POSTS = [
    LightPost(post_id=5, author_id=1, created_at=1_001, has_video=True),
    LightPost(post_id=4, author_id=1, created_at=940, is_reply=True, in_reply_to_user_id=2, in_reply_to_post_id=1),
    LightPost(post_id=3, author_id=1, created_at=930, is_reply=True, in_reply_to_user_id=1, has_video=True),
    LightPost(post_id=2, author_id=2, created_at=920, is_retweet=True, source_user_id=1, has_video=True),
    LightPost(post_id=1, author_id=2, created_at=910),
]


def name_of(author_id: int) -> str:
    return {1: "Ann", 2: "Ben"}[author_id]


def test_each_post_becomes_a_line_that_says_who_when_and_what() -> None:
    assert timeline_entries(POSTS, name_of, NOW) == [
        TimelineEntry(5, "Ann", 0.0, PostKind.VIDEO, ""),
        TimelineEntry(4, "Ann", 60.5, PostKind.REPLY, "to Ben"),
        TimelineEntry(3, "Ann", 70.5, PostKind.REPLY, "to themselves"),
        TimelineEntry(2, "Ben", 80.5, PostKind.REPOST, "of Ann"),
        TimelineEntry(1, "Ben", 90.5, PostKind.POST, ""),
    ]


@pytest.mark.parametrize("post", [LightPost(author_id=1, is_reply=True), LightPost(author_id=1, is_retweet=True)])
def test_what_is_not_known_is_not_told(post: LightPost) -> None:
    assert timeline_entries([post], name_of, NOW)[0].about == ""


def test_an_empty_timeline_has_no_age() -> None:
    assert newest_age(GetInNetworkPostsResponse(), NOW) is None
    assert newest_age(GetInNetworkPostsResponse(posts=POSTS[1:]), NOW) == 60.5


def test_programs_get_the_fields_that_are_set_and_what_they_mean() -> None:
    answer = TimedAnswer(GetInNetworkPostsResponse(posts=POSTS[3:], partial=True), 0.0123456)

    assert answer_as_json(answer, name_of, NOW) == {
        "posts": [
            {
                "post_id": 2,
                "author_id": 2,
                "created_at": 920,
                "is_retweet": True,
                "source_user_id": 1,
                "has_video": True,
                "kind": "repost",
                "author": "Ben",
                "age_s": 80.5,
            },
            {"post_id": 1, "author_id": 2, "created_at": 910, "kind": "post", "author": "Ben", "age_s": 90.5},
        ],
        "partial": True,
        "took_ms": 12.35,
        "newest_age_s": 80.5,
    }
