"""The scenarios through real Redis and Redis Cluster: write scripts and reader."""

import asyncio
from collections.abc import Iterator

import pytest

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsResponse
from common.retention import Retention
from common.store.client import StoreClient
from common.store.keys import KeySpace
from serve.store.fetcher import RedisFetcher
from serve.store.nodes import NodeConnections
from serve.store.serving_store import reader_of
from serve.timeline.cores import chosen_core
from serve.timeline.timeline import Timelines
from tests.support.conformance.scenarios import Scenario, query_of, scenarios
from tests.support.redis.event_writer import EventWriter

KEYS = KeySpace()


@pytest.fixture
def store_client(store_url: str) -> Iterator[StoreClient]:
    store_client = StoreClient(store_url, KEYS.buckets, timeout_seconds=10)
    yield store_client
    store_client.close()


async def answers(url: str, scenario: Scenario) -> list[GetInNetworkPostsResponse]:
    core = chosen_core("auto")
    connections = NodeConnections(url, KEYS.buckets, timeout_seconds=10, make_reader=reader_of(core))
    timelines = Timelines(RedisFetcher(connections, KEYS), Retention(scenario.retention_seconds), 64 << 20, core)
    try:
        found = [await timelines.read(query_of(request), scenario.now) for request in scenario.requests]
    finally:
        connections.close()
    assert not any(answer.partial for answer in found)
    return [GetInNetworkPostsResponse.FromString(answer.body) for answer in found]


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario.name)
def test_scenario(store_client: StoreClient, store_url: str, scenario: Scenario) -> None:
    writer = EventWriter(store_client, KEYS, Retention(scenario.retention_seconds))
    for now, events in scenario.batches():
        writer.write(events, now)
    found = asyncio.run(answers(store_url, scenario))
    assert [[post.post_id for post in answer.posts] for answer in found] == scenario.expected
    assert [answer.has_more for answer in found] == [
        answer.has_more if more is None else more for answer, more in zip(found, scenario.more, strict=True)
    ]
