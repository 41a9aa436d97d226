import pytest

from common.ids import MAX_ID
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, PerAuthorLimits, Position
from serve.adjustments import Adjustment, Adjustments, Extent
from serve.query import Caps, Place
from serve.request import InvalidRequest, RequestLimits, ValidatedRequest, take_followed, validate_request

LIMITS = RequestLimits(
    default_results=1200,
    default_videos=600,
    max_results=12_000,
    list_size=10_000,
    caps=Caps(original=50, secondary=30, video=100, scan=500),
)


def validated(request: GetInNetworkPostsRequest, limits: RequestLimits = LIMITS) -> ValidatedRequest:
    return validate_request(request, limits)


def adjusted(request: GetInNetworkPostsRequest, limits: RequestLimits = LIMITS) -> Adjustments:
    return validated(request, limits).adjustments


def test_a_plain_request_is_taken_as_sent() -> None:
    request = GetInNetworkPostsRequest(user_id=1, following_user_ids=[3, 2], exclude_tweet_ids=[9, 8], max_results=7)
    query, _ = validated(request)
    assert (query.viewer_id, query.following, query.excluded, query.max_results) == (1, (3, 2), {8, 9}, 7)
    assert not query.video
    assert adjusted(request) == {}


def test_ids_of_the_whole_range_are_valid() -> None:
    request = GetInNetworkPostsRequest(
        user_id=MAX_ID, following_user_ids=[1, MAX_ID], exclude_tweet_ids=[1, MAX_ID], max_results=1
    )
    query, _ = validated(request)
    assert (query.viewer_id, query.following, query.excluded) == (MAX_ID, (1, MAX_ID), {1, MAX_ID})


def test_the_viewer_may_be_unknown() -> None:
    assert validated(GetInNetworkPostsRequest(user_id=0)).query.viewer_id == 0


def test_a_viewer_beyond_int64_is_invalid() -> None:
    with pytest.raises(InvalidRequest) as caught:
        validated(GetInNetworkPostsRequest(user_id=MAX_ID + 1))
    assert caught.value.field == "user_id"
    assert str(MAX_ID) in caught.value.description


def test_invalid_ids_in_the_lists_are_dropped_and_counted() -> None:
    request = GetInNetworkPostsRequest(
        following_user_ids=[0, 5, MAX_ID + 1, 0], exclude_tweet_ids=[7, 2**64 - 1], max_results=1
    )
    query, _ = validated(request)
    assert query.following == (5,)
    assert query.excluded == {7}
    assert adjusted(request) == {
        Adjustment.INVALID_FOLLOWING_ID: Extent(4, 1, times=3),
        Adjustment.INVALID_EXCLUDED_ID: Extent(2, 1),
    }


def test_repeated_follows_count_once_where_they_first_stand() -> None:
    assert validated(GetInNetworkPostsRequest(following_user_ids=[4, 2, 4, 3, 2])).query.following == (4, 2, 3)


@pytest.mark.parametrize("sent", [range(1, 10_001), [*range(1, 10_001), 1]], ids=["exactly", "exactly, and a repeat"])
def test_ten_thousand_distinct_follows_are_kept(sent: list[int]) -> None:
    request = GetInNetworkPostsRequest(following_user_ids=sent)
    assert validated(request) == (validated(request).query._replace(following=tuple(range(1, 10_001))), {})


def test_follows_beyond_the_limit_are_cut_and_counted() -> None:
    request = GetInNetworkPostsRequest(following_user_ids=range(1, 25_001))
    assert validated(request).query.following == tuple(range(1, 10_001))
    assert adjusted(request) == {Adjustment.FOLLOWING_CUT: Extent(25_000, 10_000)}


def test_the_limit_on_follows_counts_valid_distinct_ids() -> None:
    limits = LIMITS._replace(list_size=3)
    request = GetInNetworkPostsRequest(following_user_ids=[1, 1, 0, 2, 0, 1, 3, 4, 5])
    assert validated(request, limits).query.following == (1, 2, 3)
    assert adjusted(request, limits)[Adjustment.FOLLOWING_CUT] == Extent(9, 3)


def test_excluded_ids_are_cut_as_sent() -> None:
    limits = LIMITS._replace(list_size=3)
    request = GetInNetworkPostsRequest(exclude_tweet_ids=[0, 6, 6, 7])
    assert validated(request, limits).query.excluded == {6}
    assert adjusted(request, limits) == {
        Adjustment.INVALID_EXCLUDED_ID: Extent(4, 2),
        Adjustment.EXCLUDED_CUT: Extent(4, 2),
    }


def test_excluded_authors_are_cut_as_sent() -> None:
    limits = LIMITS._replace(list_size=3)
    request = GetInNetworkPostsRequest(following_user_ids=[6, 8], exclude_author_ids=[0, 6, 6, 7])
    query = validated(request, limits).query
    assert (query.following, query.excluded_authors) == ((6, 8), {6})
    assert adjusted(request, limits) == {
        Adjustment.INVALID_EXCLUDED_AUTHOR_ID: Extent(4, 2),
        Adjustment.EXCLUDED_AUTHORS_CUT: Extent(4, 2),
    }


def test_the_beginning_of_a_longer_list_counts_as_cut() -> None:
    assert take_followed([5, 6], 2, held=40) == ((5, 6), {Adjustment.FOLLOWING_CUT: Extent(40, 2)})
    assert take_followed([5, 6], 2, held=2).adjustments == {}


def test_times_and_kinds_are_taken_as_sent() -> None:
    request = GetInNetworkPostsRequest(
        created_after=MAX_ID, before=Position(created_at=5, post_id=MAX_ID), exclude_replies=True, exclude_reposts=True
    )
    query = validated(request).query
    assert (query.created_after, query.before) == (MAX_ID, Place(5, MAX_ID))
    assert (query.exclude_replies, query.exclude_reposts) == (True, True)
    assert validated(GetInNetworkPostsRequest()).query.before is None


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (GetInNetworkPostsRequest(created_after=-1), "created_after"),
        (GetInNetworkPostsRequest(before=Position()), "before.created_at"),
        (GetInNetworkPostsRequest(before=Position(created_at=-1, post_id=1)), "before.created_at"),
        (GetInNetworkPostsRequest(before=Position(created_at=1)), "before.post_id"),
    ],
)
def test_impossible_times_and_places_are_invalid(request_: GetInNetworkPostsRequest, field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        validated(request_)
    assert caught.value.field == field


@pytest.mark.parametrize(("video", "expected"), [(False, 1200), (True, 600)])
def test_max_results_has_a_default(video: bool, expected: int) -> None:
    assert validated(GetInNetworkPostsRequest(is_video_request=video)).query.max_results == expected


def test_max_results_is_bounded() -> None:
    assert validated(GetInNetworkPostsRequest(max_results=12_000)).query.max_results == 12_000
    request = GetInNetworkPostsRequest(max_results=2**32 - 1)
    assert validated(request).query.max_results == 12_000
    assert adjusted(request) == {Adjustment.MAX_RESULTS_CLAMPED: Extent(2**32 - 1, 12_000)}


@pytest.mark.parametrize(
    ("limits", "original", "secondary"),
    [
        (None, 50, 30),
        (PerAuthorLimits(), 50, 30),
        (PerAuthorLimits(max_posts_per_author=7), 7, 30),
        (PerAuthorLimits(max_replies_reposts_per_author=0), 50, 0),
        (PerAuthorLimits(max_posts_per_author=0, max_replies_reposts_per_author=1000), 0, 30),
    ],
)
def test_per_author_limits_only_lower_the_caps(limits: PerAuthorLimits | None, original: int, secondary: int) -> None:
    caps = validated(GetInNetworkPostsRequest(per_author_limits=limits)).query.caps
    assert caps == Caps(original, secondary, video=100, scan=500)


def test_a_video_request_ignores_per_author_limits() -> None:
    limits = PerAuthorLimits(max_posts_per_author=1, max_replies_reposts_per_author=1)
    query, _ = validated(GetInNetworkPostsRequest(is_video_request=True, per_author_limits=limits))
    assert query.video
    assert query.caps == LIMITS.caps


@pytest.mark.parametrize("algorithm", ["", "recent", "default", "latest"])
def test_known_algorithms_are_the_same(algorithm: str) -> None:
    assert adjusted(GetInNetworkPostsRequest(algorithm=algorithm)) == {}


def test_an_unknown_algorithm_is_counted() -> None:
    assert adjusted(GetInNetworkPostsRequest(algorithm="engagement")) == {Adjustment.UNKNOWN_ALGORITHM: Extent(0, 0)}
