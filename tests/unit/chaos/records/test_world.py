"""The events of a run: drawn by the seed alone, and never more of an author than an answer holds."""

import random
from collections import Counter

import pytest

from common.post import LightPost
from ingest.decode.refined_event import decode_event
from ingest.events import AuthorDelete, Event, Malformed, PostDelete
from tests.chaos.records.world import ORIGINALS, SECONDARY, World, poison

NOW = 1_790_000_000


def written(seed: int, ticks: int = 600) -> tuple[World, list[Event]]:
    world = World(random.Random(seed))
    return world, [event for tick in range(ticks) for event in world.events(20, NOW + tick * 0.05)]


def test_a_seed_draws_the_same_events() -> None:
    assert written(1)[1] == written(1)[1]
    assert written(1)[1] != written(2)[1]


def test_every_kind_of_event_is_written() -> None:
    _, events = written(3)
    posts = [event for event in events if isinstance(event, LightPost)]
    created = {post.post_id for post in posts}
    deleted_before = set[int]()
    seen = set[int]()
    for event in events:
        if isinstance(event, PostDelete) and event.post_id not in seen:
            deleted_before.add(event.post_id)
        elif isinstance(event, LightPost):
            seen.add(event.post_id)
    assert any(isinstance(event, AuthorDelete) for event in events)
    assert len(posts) > len(created), "repeats"
    assert deleted_before & created, "a delete before its create"
    assert any(post.is_retweet for post in posts)
    assert any(post.in_reply_to_post_id and post.conversation_id != post.in_reply_to_post_id for post in posts)


def test_an_answer_holds_all_of_an_author() -> None:
    world, events = written(4, ticks=2000)
    authors = set(world.authors)
    posts = {event.post_id: event for event in events if isinstance(event, LightPost) and event.author_id in authors}
    originals = Counter(post.author_id for post in posts.values() if post.is_original)
    secondary = Counter(post.author_id for post in posts.values() if not post.is_original)
    assert max(originals.values()) <= ORIGINALS
    assert max(secondary.values()) <= SECONDARY


def test_poison_is_no_event() -> None:
    drawn = random.Random(5)
    bad = 0
    for _ in range(200):
        try:
            decode_event(poison(drawn))
        except Malformed:
            bad += 1
    assert bad > 150


@pytest.mark.parametrize("ticks", [1, 50])
def test_readers_ask_for_authors_of_the_world(ticks: int) -> None:
    world, _ = written(6, ticks)
    asked = world.authors_to_ask(random.Random(7))
    assert asked
    assert set(asked) <= set(world.authors)
