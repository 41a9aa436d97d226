"""A store whose retention is changed while it is in use, in the order that docs/operations.md tells."""

import asyncio
from collections.abc import Iterator, Sequence

import pytest

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse
from common.post import LightPost
from common.retention import TRIM_SLACK_SECONDS, Retention
from common.store.client import StoreClient
from common.store.commands import NodeCommand, pack
from common.store.keys import KeySpace
from ingest.decode.create_rules import drop_reason
from ingest.events import Event, PostDelete
from serve.store.fetcher import RedisFetcher
from serve.store.nodes import NodeConnections
from serve.timeline.timeline import Timelines
from tests.support.conformance.model import Model
from tests.support.conformance.scenarios import query_of
from tests.support.redis.event_writer import EventWriter

KEYS = KeySpace()
NOW = 1_790_000_000
HOUR = 3600
SHORT, LONG = 4 * HOUR, 48 * HOUR
QUIET, BUSY = 5, 6
EVENTS: list[Event] = [
    *(LightPost(1000 + age, BUSY, NOW - age * HOUR // 2) for age in range(120)),
    LightPost(1, QUIET, NOW - 3 * HOUR),
    LightPost(2, QUIET, NOW - 40 * HOUR),
    PostDelete(1003, NOW),
    PostDelete(1060, NOW),
]
"""Posts in Kafka: the last 60 hours."""


@pytest.fixture
def store_client(store_url: str) -> Iterator[StoreClient]:
    store_client = StoreClient(store_url, KEYS.buckets, timeout_seconds=5)
    yield store_client
    store_client.close()


def write(store_client: StoreClient, retention: int, events: Sequence[Event] = EVENTS, now: int = NOW) -> None:
    """Write them as a worker with this retention."""
    accepted = [
        event for event in events if not (isinstance(event, LightPost) and drop_reason(event, now, retention, 60))
    ]
    EventWriter(store_client, KEYS, Retention(retention, 60)).write(accepted, now)


def shown(url: str, retention: int, now: int = NOW) -> list[int]:
    """Answer of a server with this retention."""

    async def read() -> bytes:
        connections = NodeConnections(url, KEYS.buckets, timeout_seconds=5)
        try:
            query = query_of(GetInNetworkPostsRequest(following_user_ids=[QUIET, BUSY]))
            answer = await Timelines(RedisFetcher(connections, KEYS), Retention(retention), max_bytes=64 << 20).read(
                query, now
            )
        finally:
            connections.close()
        assert not answer.partial
        return answer.body

    return [post.post_id for post in GetInNetworkPostsResponse.FromString(asyncio.run(read())).posts]


def expected(retention: int, now: int = NOW, more: Sequence[Event] = ()) -> list[int]:
    """Answer by the rules."""
    model = Model(retention)
    model.apply([*EVENTS, *more], now)
    return model.read(query_of(GetInNetworkPostsRequest(following_user_ids=[QUIET, BUSY])), now)


def test_a_retention_is_raised(store_client: StoreClient, store_url: str) -> None:
    write(store_client, SHORT)
    assert shown(store_url, SHORT) == expected(SHORT)
    write(store_client, LONG, EVENTS[:1])  # workers first: servers stay exact
    assert shown(store_url, SHORT) == expected(SHORT)
    write(store_client, LONG)  # moved back, they read it all again
    assert shown(store_url, SHORT) == expected(SHORT)
    assert shown(store_url, LONG) == expected(LONG)
    assert len(expected(LONG)) > len(expected(SHORT))


def test_raising_renews_keys_of_silent_authors(store_client: StoreClient) -> None:
    def seconds_left() -> int:
        keys = KEYS.author(QUIET)
        [seconds] = store_client.run([NodeCommand(keys.bucket, pack((b"TTL", keys.posts)))])
        return seconds

    write(store_client, SHORT)
    assert seconds_left() <= SHORT + 60 + TRIM_SLACK_SECONDS
    write(store_client, LONG)
    assert seconds_left() > LONG


def test_a_retention_is_lowered(store_client: StoreClient, store_url: str) -> None:
    write(store_client, LONG)
    assert shown(store_url, SHORT) == expected(SHORT)  # servers first
    new = [LightPost(3, BUSY, NOW)]
    write(store_client, SHORT, new)
    assert shown(store_url, SHORT) == expected(SHORT, more=new)
    assert shown(store_url, LONG) != expected(LONG, more=new), "workers have trimmed: servers must be first"
