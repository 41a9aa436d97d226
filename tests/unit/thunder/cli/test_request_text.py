import pytest

from thunder.cli.request_text import adjustment_texts, asked_text
from thunder_client.messages import Adjustment, AdjustmentKind, GetInNetworkPostsRequest, Position


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (GetInNetworkPostsRequest(following_user_ids=[7]), "posts of 1 author (7)"),
        (
            GetInNetworkPostsRequest(following_user_ids=range(1, 8), is_video_request=True),
            "videos of 7 authors (1, 2, 3, 4, 5, ...)",
        ),
        (
            GetInNetworkPostsRequest(user_id=9),
            "posts of the follow list of viewer 9, which a server without a follow store does not have",
        ),
        (
            GetInNetworkPostsRequest(),
            "posts of no authors: name them with --following, or a viewer with --user",
        ),
        (
            GetInNetworkPostsRequest(
                following_user_ids=[7],
                created_after=50,
                before=Position(created_at=90, post_id=3),
                exclude_replies=True,
                exclude_reposts=True,
            ),
            "posts of 1 author (7), created after 50, before 90,3, without replies, without reposts",
        ),
        (
            GetInNetworkPostsRequest(following_user_ids=[7], exclude_tweet_ids=[1, 2], exclude_author_ids=[4, 5]),
            "posts of 1 author (7), without 2 excluded posts, without 2 excluded authors",
        ),
    ],
)
def test_a_request_in_words(request_: GetInNetworkPostsRequest, text: str) -> None:
    assert asked_text(request_) == text


def test_every_adjustment_has_words() -> None:
    known = [Adjustment(kind=kind, given=20_000, used=10_000) for kind in AdjustmentKind.keys()[1:]]
    texts = adjustment_texts(known)
    assert len(set(texts)) == len(known) == 8
    assert texts[0] == "the list of followed authors was cut: 10,000 of 20,000 used"
    assert "does not know" not in " ".join(texts)
    assert adjustment_texts([Adjustment(kind=AdjustmentKind.ADJUSTMENT_KIND_UNSPECIFIED)]) == [
        "in a way that this version does not know"
    ]
