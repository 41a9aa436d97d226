"""The scenarios on the pure functions: a model's lists, read by plan, merge and answer."""

import asyncio

import pytest

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsResponse
from common.retention import Retention
from serve.timeline.timeline import Timelines
from tests.support.conformance.model import Model
from tests.support.conformance.scenarios import Scenario, query_of, scenarios
from tests.unit.serve.memory_fetcher import MemoryFetcher


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario.name)
def test_scenario(scenario: Scenario) -> None:
    model = Model(scenario.retention_seconds)
    for now, events in scenario.batches():
        model.apply(events, now)
    timelines = Timelines(MemoryFetcher(model, scenario.now), Retention(scenario.retention_seconds), max_bytes=64 << 20)
    for request, expected in zip(scenario.requests, scenario.expected, strict=True):
        query = query_of(request)
        answer = asyncio.run(timelines.read(query, scenario.now))
        assert model.read(query, scenario.now) == expected
        assert [post.post_id for post in GetInNetworkPostsResponse.FromString(answer.body).posts] == expected
        assert not answer.partial
