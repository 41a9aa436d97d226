import pytest

from thunder_client import Position, PostQuery
from thunder_client.messages import GetInNetworkPostsRequest, PerAuthorLimits
from thunder_client.query import request_of

EVERYTHING = PostQuery(
    user_id=1,
    following=[2, 3],
    max_results=4,
    exclude_posts=[5],
    exclude_authors=[6],
    exclude_replies=True,
    exclude_reposts=True,
    videos=True,
    created_after=7,
    before=Position(created_at=8, post_id=9),
    max_posts_per_author=10,
    max_replies_reposts_per_author=0,
)
NO_MEANING_LEFT = {"algorithm", "debug"}
"""Fields that the server accepts for compatibility alone."""


def test_each_name_of_a_query_fills_a_field() -> None:
    assert PostQuery.__optional_keys__ == EVERYTHING.keys()
    fields = {field.name for field, _ in request_of(**EVERYTHING).ListFields()}
    assert fields == set(GetInNetworkPostsRequest.DESCRIPTOR.fields_by_name) - NO_MEANING_LEFT
    limits = PerAuthorLimits(max_posts_per_author=10, max_replies_reposts_per_author=0)
    assert request_of(**EVERYTHING).per_author_limits == limits


def test_an_empty_query_is_an_empty_request() -> None:
    assert request_of() == GetInNetworkPostsRequest()


def test_an_id_that_no_field_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="range"):
        request_of(following=[2**64])
