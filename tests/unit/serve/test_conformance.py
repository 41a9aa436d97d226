"""The scenarios on the pure functions: a model's lists, read by plan, merge and answer."""

import asyncio

import pytest

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsResponse
from common.retention import Retention
from serve.timeline.cores import ChosenCore
from serve.timeline.timeline import Timelines
from tests.support.conformance.model import Model
from tests.support.conformance.scenarios import Scenario, query_of, scenarios
from tests.unit.serve.memory_fetcher import MemoryFetcher, node_of_model


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario.name)
def test_scenario(scenario: Scenario, core: ChosenCore) -> None:
    model = Model(scenario.retention_seconds)
    for now, events in scenario.batches():
        model.apply(events, now)
    fetcher = MemoryFetcher(node_of_model(model, scenario.now))
    timelines = Timelines(fetcher, Retention(scenario.retention_seconds), 64 << 20, core)
    for request, expected, more in zip(scenario.requests, scenario.expected, scenario.more, strict=True):
        query = query_of(request)
        answer = asyncio.run(timelines.read(query, scenario.now))
        page = model.page(query, scenario.now)
        assert page.posts == expected
        assert more in (None, page.has_more)
        response = GetInNetworkPostsResponse.FromString(answer.body)
        assert [post.post_id for post in response.posts] == expected
        assert (response.has_more, answer.has_more, answer.partial) == (page.has_more, page.has_more, False)
