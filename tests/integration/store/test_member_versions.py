"""Members of two versions in one store, while the roles of one release replace those of another.

The newer version does not exist: its members are those of today with one field more, in front of all others.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

import pytest
import redis

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse
from common.post import LightPost, PostFields
from common.store.client import StoreClient
from common.store.member import NEWEST_TAG, encode_id, encode_member
from common.store.record import VERSION_SHIFT, live_flags
from ingest.events import Event, PostDelete
from serve.query import Answer
from serve.store.fetcher import RedisFetcher
from serve.store.nodes import NodeConnections
from serve.timeline.timeline import Timelines
from tests.integration.store.golden_store import (
    ANN,
    BOB,
    EVE,
    EVENTS,
    KEYS,
    NOW,
    RETENTION,
    load_golden_store,
    write_events,
)
from tests.support.conformance.model import Model
from tests.support.conformance.scenarios import query_of
from tests.support.redis.event_writer import EventWriter
from tests.support.redis.stored_posts import stored_values

REQUESTS = [
    GetInNetworkPostsRequest(following_user_ids=[ANN, BOB, EVE]),
    GetInNetworkPostsRequest(following_user_ids=[ANN, BOB, EVE], is_video_request=True),
    GetInNetworkPostsRequest(following_user_ids=[BOB], exclude_tweet_ids=[201]),
]
EVERYBODY = REQUESTS[0]
NEWER_TAG = NEWEST_TAG + 8
POSTS = [LightPost(post_id, (ANN, BOB)[post_id % 2], NOW - 300 + post_id % 7) for post_id in range(1000, 1060)]


@contextmanager
def newer_writers() -> Generator[None]:
    """Meanwhile workers write members and records of the version to come."""

    def newer_member(post: PostFields) -> bytes:
        return encode_member(post) + bytes((1, NEWER_TAG))

    def newer_flags(post: PostFields) -> int:
        return live_flags(post) + (1 << VERSION_SHIFT)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ingest.post_row.encode_member", newer_member)
        patch.setattr("ingest.post_row.live_flags", newer_flags)
        yield


@contextmanager
def newer_readers() -> Generator[None]:
    """Meanwhile readers know originals of the version to come."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("serve.timeline.merge.NEWEST_TAG", NEWER_TAG)
        yield


def ask(url: str, request: GetInNetworkPostsRequest = EVERYBODY) -> Answer:
    async def read() -> Answer:
        connections = NodeConnections(url, KEYS.buckets, timeout_seconds=5)
        try:
            return await Timelines(RedisFetcher(connections, KEYS), RETENTION, max_bytes=64 << 20).read(
                query_of(request), NOW
            )
        finally:
            connections.close()

    return asyncio.run(read())


def ids(answer: Answer) -> list[int]:
    return [post.post_id for post in GetInNetworkPostsResponse.FromString(answer.body).posts]


def shown(*events: Event) -> list[int]:
    """Ids that the model answers once the events are applied."""
    model = Model(RETENTION.seconds)
    model.apply(events, NOW)
    return model.read(query_of(EVERYBODY), NOW)


def test_the_bytes_of_version_1_are_read_as_they_were(redis_url: str) -> None:
    load_golden_store(redis_url)
    model = Model(RETENTION.seconds)
    model.apply(EVENTS, NOW)
    for request in REQUESTS:
        answer = ask(redis_url, request)
        assert ids(answer) == model.read(query_of(request), NOW)
        assert ids(answer)
        assert not answer.partial


def test_todays_workers_write_these_bytes(redis_url: str) -> None:
    """A deleted post has another score among its author's deletions today: from when its tombstone lives."""
    golden = load_golden_store(redis_url)
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    write_events(redis_url, EVENTS)
    assert stored_values(redis_url) == golden | {
        KEYS.author(BOB).deletions: [(encode_id(203), NOW)],
        KEYS.author(EVE).deletions: [(b"erased_through", NOW - 50), (encode_id(300), NOW), (b"erased_at", NOW)],
    }


def test_a_newer_worker_repeats_and_deletes_what_version_1_wrote(redis_url: str) -> None:
    load_golden_store(redis_url)
    with newer_writers():
        write_events(redis_url, EVENTS)
    assert ids(ask(redis_url)) == shown(*EVENTS)
    assert not ask(redis_url).partial
    with newer_writers():
        write_events(redis_url, [PostDelete(101, NOW)])
    assert ids(ask(redis_url)) == shown(*EVENTS, PostDelete(101, NOW))


def test_both_versions_write_while_workers_are_replaced(redis_url: str) -> None:
    """Each worker writes its share, and some of what the other has written before: partitions change hands."""
    for first in range(0, 60, 20):
        write_events(redis_url, list(POSTS[max(0, first - 5) : first + 10]))
        with newer_writers():
            write_events(redis_url, list(POSTS[first + 5 : first + 20]))
            write_events(redis_url, [PostDelete(1000 + first, NOW)])
        write_events(redis_url, [PostDelete(1019 + first, NOW)])
    deletes = [PostDelete(1000 + first + at, NOW) for first in range(0, 60, 20) for at in (0, 19)]

    with newer_readers():
        answer = ask(redis_url)
    assert ids(answer) == shown(*POSTS, *deletes), "the newer server sees each post, once"
    assert not answer.partial

    answer = ask(redis_url)
    seen = ids(answer)
    assert seen == [post for post in shown(*POSTS, *deletes) if post in seen], "the older one misreads nothing"
    assert len(seen) + answer.unreadable == len(shown(*POSTS, *deletes))
    assert answer.unreadable == 19
    assert answer.partial, "and says that something is missing"


def test_after_a_rollback_a_replay_makes_everything_readable(redis_url: str) -> None:
    with newer_writers():
        write_events(redis_url, list(POSTS))
    assert (ids(ask(redis_url)), ask(redis_url).unreadable) == ([], 60)
    write_events(redis_url, list(POSTS))
    assert ids(ask(redis_url)) == shown(*POSTS)
    assert not ask(redis_url).partial


def test_an_older_worker_trims_only_what_it_can_read(redis_url: str) -> None:
    store_client = StoreClient(redis_url, KEYS.buckets, timeout_seconds=5)
    writer = EventWriter(store_client, KEYS, RETENTION, list_cap=5)
    many = [LightPost(post_id, EVE, NOW - 500) for post_id in range(2000, 2200)]
    with newer_writers():
        writer.write([LightPost(3000 + n, EVE, NOW - 590) for n in range(8)], NOW)
    for at in range(0, len(many), 50):
        writer.write(many[at : at + 50], NOW)
    store_client.close()
    with redis.Redis.from_url(redis_url) as client:
        held = [member[-1] for member in cast("list[bytes]", client.zrange(KEYS.author(EVE).posts, 0, -1))]
    assert held.count(NEWER_TAG) == 8
    assert len(held) < len(many), "and trims"
