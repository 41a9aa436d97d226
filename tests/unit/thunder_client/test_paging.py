import pytest

from thunder_client import LightPost, PartialTimelineError, Position, Timeline
from thunder_client.messages import GetInNetworkPostsRequest
from thunder_client.paging import PageReader

FULL = Timeline([LightPost(post_id=2, created_at=20), LightPost(post_id=1, created_at=10)], has_more=True)
LAST = Timeline([LightPost(post_id=3, created_at=5)])
PARTIAL = Timeline(FULL.posts[:1], partial=True, has_more=True)
EMPTY_PARTIAL = Timeline([], partial=True, has_more=True)


def reader(*, strict: bool = False) -> PageReader:
    return PageReader(GetInNetworkPostsRequest(user_id=7), strict=strict)


def test_each_page_begins_after_the_one_before() -> None:
    pages = reader()
    assert not pages.request.HasField("before")
    assert pages.receive(FULL) is FULL
    assert pages.request == GetInNetworkPostsRequest(user_id=7, before=Position(created_at=10, post_id=1))
    assert pages.receive(LAST) is LAST
    assert pages.ended


def test_the_request_of_the_caller_is_left_alone() -> None:
    request = GetInNetworkPostsRequest()
    PageReader(request, strict=False).receive(FULL)
    assert request == GetInNetworkPostsRequest()


def test_a_partial_page_is_asked_for_again() -> None:
    pages = reader()
    assert pages.receive(PARTIAL) is None
    assert not pages.request.HasField("before")
    assert pages.delay == 0.1
    assert pages.receive(EMPTY_PARTIAL) is None
    assert pages.delay == 0.2
    assert pages.receive(FULL) is FULL
    assert (pages.delay, pages.ended) == (0, False)


def test_a_page_that_stays_partial_is_raised_when_strict() -> None:
    pages = reader(strict=True)
    assert [pages.receive(PARTIAL) for _ in range(3)] == [None] * 3
    with pytest.raises(PartialTimelineError) as raised:
        pages.receive(PARTIAL)
    assert raised.value.timeline is PARTIAL


def test_a_page_that_stays_partial_is_returned_with_its_mark() -> None:
    pages = reader()
    assert [pages.receive(PARTIAL) for _ in range(4)] == [None, None, None, PARTIAL]
    assert pages.request.before == Position(created_at=20, post_id=2)
    assert not pages.ended
    assert pages.receive(PARTIAL) is None, "the next page has attempts of its own"


def test_an_empty_page_that_stays_partial_ends_the_pages() -> None:
    pages = reader()
    assert [pages.receive(EMPTY_PARTIAL) for _ in range(4)][-1] is EMPTY_PARTIAL
    assert pages.ended
