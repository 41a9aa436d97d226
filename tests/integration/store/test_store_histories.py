"""Random histories through real Redis, every answer compared with the model."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsResponse
from common.retention import Retention
from common.store.client import StoreClient
from common.store.keys import KeySpace
from serve.query import Query
from serve.store.fetcher import RedisFetcher
from serve.store.nodes import NodeConnections
from serve.timeline.timeline import Timelines
from tests.support.conformance.histories import HISTORIES, QUERIES, RETENTION, START, Step, is_accepted
from tests.support.conformance.model import Model, Page
from tests.support.redis.event_writer import EventWriter

KEYS = KeySpace(buckets=4, post_hashes=8)


@pytest.fixture
def workers(redis_url: str) -> Iterator[list[StoreClient]]:
    workers = [StoreClient(redis_url, KEYS.buckets, timeout_seconds=10) for _ in range(2)]
    yield workers
    for store_client in workers:
        store_client.close()


class Reader:
    """Reads timelines in an event loop and over connections that last for all histories."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.Runner()
        self._connections = NodeConnections(url, KEYS.buckets, timeout_seconds=10)
        fetcher = RedisFetcher(self._connections, KEYS)
        self._timelines = Timelines(fetcher, Retention(RETENTION), max_bytes=64 << 20)

    def read(self, queries: list[Query], now: int) -> list[Page]:
        bodies = self._loop.run(self._read(queries, now))
        answers = map(GetInNetworkPostsResponse.FromString, bodies)
        return [Page([post.post_id for post in answer.posts], answer.has_more) for answer in answers]

    def close(self) -> None:
        self._loop.run(self._close())
        self._loop.close()

    async def _read(self, queries: list[Query], now: int) -> list[bytes]:
        return [(await self._timelines.read(query, now)).body for query in queries]

    async def _close(self) -> None:
        self._connections.close()


@pytest.fixture
def reader(redis_url: str) -> Iterator[Reader]:
    reader = Reader(redis_url)
    yield reader
    reader.close()


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=HISTORIES, queries=st.lists(QUERIES, min_size=3, max_size=6))
def test_every_answer_is_the_models(
    workers: list[StoreClient], reader: Reader, history: list[Step], queries: list[Query]
) -> None:
    workers[0].meta_client().flushdb()
    writers = [EventWriter(store_client, KEYS, Retention(RETENTION)) for store_client in workers]
    model = Model(RETENTION)
    now = START
    for step in history:
        now += step.wait
        batch = [event for event in step.batch if is_accepted(event, now)]
        for _ in range(1 + step.again):
            writers[step.worker].write(batch, now)
        model.apply(batch, now)
        assert reader.read(queries, now) == [model.page(query, now) for query in queries]
