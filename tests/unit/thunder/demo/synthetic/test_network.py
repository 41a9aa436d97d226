from collections import Counter
from itertools import islice, pairwise, takewhile

import pytest

from common.post import LightPost
from ingest.events import PostDelete
from thunder.demo.synthetic.network import (
    BACKLOG_EVENTS,
    BACKLOG_SECONDS,
    FOLLOWS,
    TimedEvent,
    events,
    people,
)

NOW = 1_760_000_000.0


def stream(count: int, seed: int = 7) -> list[TimedEvent]:
    return list(islice(events(people(seed), seed, NOW), count))


def posts_of(timed: list[TimedEvent]) -> list[LightPost]:
    return [each.event for each in timed if isinstance(each.event, LightPost)]


def test_same_seed_gives_the_same_events() -> None:
    assert stream(3000) == stream(3000)
    assert people(7) == people(7)


def test_another_seed_gives_other_events() -> None:
    assert stream(10) != stream(10, seed=8)
    assert people(7).names != people(8).names


def test_names_are_distinct_and_viewer_follows_others() -> None:
    everybody = people(7)

    assert len(set(everybody.names.values())) == len(everybody.names)
    assert len(set(everybody.following)) == FOLLOWS
    assert everybody.viewer_id not in everybody.following
    assert everybody.names.keys() > {everybody.viewer_id, *everybody.following}


def test_every_kind_of_event_occurs() -> None:
    timed = stream(4000)
    posts = posts_of(timed)
    kinds = Counter(
        original=sum(post.is_original and not post.has_video for post in posts),
        reply=sum(post.is_reply for post in posts),
        own_thread=sum(post.in_reply_to_user_id == post.author_id for post in posts),
        repost=sum(post.is_retweet for post in posts),
        video=sum(post.has_video for post in posts),
        delete=sum(isinstance(each.event, PostDelete) for each in timed),
    )

    assert all(count > 80 for count in kinds.values()), kinds
    assert len({post.post_id for post in posts}) == len(posts)


def test_replies_belong_to_threads() -> None:
    written: dict[int, LightPost] = {}
    for post in posts_of(stream(3000)):
        if post.in_reply_to_post_id is not None:
            parent = written[post.in_reply_to_post_id]
            assert not parent.is_retweet
            assert (post.in_reply_to_user_id, post.conversation_id) == (parent.author_id, parent.conversation_id)
        if post.source_post_id is not None:
            assert post.source_user_id == written[post.source_post_id].author_id
        written[post.post_id] = post


def test_deleted_posts_existed_and_get_no_replies() -> None:
    written: set[int] = set()
    for _, event in stream(3000):
        match event:
            case PostDelete(post_id=post_id):
                written.remove(post_id)
            case LightPost():
                written.add(event.post_id)
                assert {event.in_reply_to_post_id, event.source_post_id} - {None} <= written


def test_few_authors_write_most_posts() -> None:
    loudest = Counter(post.author_id for post in posts_of(stream(6000))).most_common()

    assert sum(count for _, count in loudest[:30]) > sum(count for _, count in loudest[30:])


def test_backlog_ends_at_the_live_rate() -> None:
    timed = stream(BACKLOG_EVENTS + 3000)
    backlog = list(takewhile(lambda each: each.at < NOW, timed))
    live = timed[len(backlog) :]

    assert all(earlier.at <= later.at for earlier, later in pairwise(timed))
    assert backlog[0].at == pytest.approx(NOW - BACKLOG_SECONDS, abs=120)
    assert len(backlog) == pytest.approx(BACKLOG_EVENTS, rel=0.1)
    assert 20 <= sum(each.at > NOW - 30 for each in backlog) / 30 <= 50
    assert 20 <= len(live) / (live[-1].at - NOW) <= 50
    assert all(post.created_at == int(each.at) for each in timed if isinstance(post := each.event, LightPost))
