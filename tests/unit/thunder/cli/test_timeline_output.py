import io

import pytest
from rich.console import Console

from common.post import PostKind
from thunder.cli.timeline_output import (
    TimelineEntry,
    answer_as_json,
    newest_age,
    plain_line,
    rest_as_json,
    timeline_entries,
    timeline_table,
)
from thunder.client import TimedAnswer
from thunder_client.messages import Adjustment, AdjustmentKind, GetInNetworkPostsResponse, LightPost

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


def test_each_post_becomes_an_entry() -> None:
    assert timeline_entries(POSTS, name_of, NOW) == [
        TimelineEntry(5, "Ann", 0.0, PostKind.VIDEO, ""),
        TimelineEntry(4, "Ann", 60.5, PostKind.REPLY, "to Ben"),
        TimelineEntry(3, "Ann", 70.5, PostKind.REPLY, "to themselves"),
        TimelineEntry(2, "Ben", 80.5, PostKind.REPOST, "of Ann"),
        TimelineEntry(1, "Ben", 90.5, PostKind.POST, ""),
    ]


@pytest.mark.parametrize("post", [LightPost(author_id=1, is_reply=True), LightPost(author_id=1, is_retweet=True)])
def test_an_unknown_source_or_parent_is_left_out(post: LightPost) -> None:
    assert timeline_entries([post], name_of, NOW)[0].about == ""


def test_an_empty_timeline_has_no_age() -> None:
    assert newest_age(GetInNetworkPostsResponse(), NOW) is None
    assert newest_age(GetInNetworkPostsResponse(posts=POSTS[1:]), NOW) == 60.5


def test_json_holds_the_fields_that_are_set_and_their_meaning() -> None:
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


def test_json_of_a_query_has_more_and_adjustments() -> None:
    cut = Adjustment(kind=AdjustmentKind.ADJUSTMENT_KIND_FOLLOWING_CUT, given=5, used=3)
    assert rest_as_json(GetInNetworkPostsResponse(has_more=True, adjustments=[cut])) == {
        "has_more": True,
        "adjustments": [{"kind": "following_cut", "given": 5, "used": 3}],
    }


ENTRY = TimelineEntry(2**62, "did:plc:" + "a" * 24, 300.0, PostKind.REPOST, "of did:plc:" + "b" * 24)


def drawn(width: int, entry: TimelineEntry = ENTRY, *, with_ids: bool = False) -> str:
    output = io.StringIO()
    Console(file=output, width=width).print(timeline_table([entry], width, with_ids=with_ids))
    return output.getvalue()


@pytest.mark.parametrize("width", [60, 80, 200])
def test_only_names_are_cut_on_a_narrow_terminal(width: int) -> None:
    picture = drawn(width)

    assert "5 min" in picture
    assert "repost" in picture
    assert "did:plc:aaaa" in picture
    assert all(len(line) <= width for line in picture.splitlines())
    assert ("…" in picture) == (width < 100)


@pytest.mark.parametrize("width", [40, 60, 80])
def test_numbers_are_folded_on_a_narrow_terminal(width: int) -> None:
    number = 2**63 - 1
    picture = drawn(width, TimelineEntry(number, str(number), 59 * 60, PostKind.REPOST, f"of {number}"))
    assert "…" not in picture
    assert "59 min" in picture
    assert "repost" in picture
    digits = "".join(c for c in picture.replace("59 min", "") if c.isdigit())
    assert sorted(digits) == sorted(str(number) * 2)
    assert all(len(line) <= width for line in picture.splitlines())


def test_ids_are_shown_whole() -> None:
    assert str(2**62) in drawn(100, with_ids=True)
    assert str(2**62) not in drawn(100)


def test_a_plain_line_has_aligned_columns_and_no_tail() -> None:
    original = TimelineEntry(1, "Ann", 0.0, PostKind.POST, "")

    assert plain_line(original) == "    now  Ann                       post"
    assert plain_line(original._replace(kind=PostKind.REPLY, about="to Ben")) == (
        "    now  Ann                       reply   to Ben"
    )
