"""Every metric of serving exists, with its buckets, and moves when it should."""

import pytest
from prometheus_client import CollectorRegistry

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, LightPost
from serve.metrics import ServeMetrics
from tests.support.in_loop import in_loop
from tests.support.serving.read_service import NOW, FakeFollows, answer_with, serving

SIZES = [1.2**power for power in range(55)]
SECONDS = [0.001 * 1.3**power for power in range(40)]
SHARES = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]
AGES = [60, 300, 600, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 129600, 172800]
HISTOGRAMS = {
    "post_store_posts_returned": SIZES,
    "post_store_posts_returned_ratio": SHARES,
    "get_in_network_posts_duration_seconds": SECONDS,
    "get_in_network_posts_duration_without_strato_seconds": SECONDS,
    "get_in_network_posts_count": SIZES,
    "get_in_network_posts_following_size": SIZES,
    "get_in_network_posts_excluded_size": SIZES,
    "get_in_network_posts_max_results": SIZES,
    "get_in_network_posts_found_freshness_seconds": AGES,
    "get_in_network_posts_found_time_range_seconds": AGES,
    "get_in_network_posts_found_reply_ratio": SHARES,
    "get_in_network_posts_found_unique_authors": SIZES,
    "get_in_network_posts_found_posts_per_author": [1, 2, 3, 5, 10, 20, 50, 100, 200],
    "strato_request_duration_seconds": SECONDS,
}
OTHERS = {
    "post_store_requests_total",
    "post_store_request_timeouts_total",
    "in_flight_requests",
    "rejected_requests_total",
    "init_duration_seconds",
    "strato_requests_total",
}


@pytest.fixture
def registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    ServeMetrics(registry, in_flight=lambda: 3, queueing_delay=lambda: 0.0)
    return registry


def test_every_metric_exists_from_the_start(registry: CollectorRegistry) -> None:
    names = {sample.name for family in registry.collect() for sample in family.samples}
    assert names >= OTHERS | {f"{name}_bucket" for name in HISTOGRAMS}


@pytest.mark.parametrize("name", HISTOGRAMS)
def test_buckets_are_exact(registry: CollectorRegistry, name: str) -> None:
    samples = [sample for family in registry.collect() for sample in family.samples if sample.name == f"{name}_bucket"]
    stage = samples[0].labels.get("stage")
    bounds = [float(sample.labels["le"]) for sample in samples if sample.labels.get("stage") == stage]
    assert bounds == pytest.approx([*HISTOGRAMS[name], float("inf")])  # pyright: ignore[reportUnknownMemberType]


@pytest.mark.parametrize("stage", ["retrieved", "scored"])
def test_found_statistics_are_of_both_stages(registry: CollectorRegistry, stage: str) -> None:
    for name in HISTOGRAMS:
        if "_found_" in name:
            assert registry.get_sample_value(f"{name}_count", {"stage": stage}) == 0


def test_look_ups_are_counted_by_endpoint_and_status(registry: CollectorRegistry) -> None:
    for status in ("success", "error"):
        labels = {"endpoint": "following", "status": status}
        assert registry.get_sample_value("strato_requests_total", labels) == 0


@in_loop
async def test_an_answer_moves_every_metric_of_its_kind() -> None:
    posts = [
        LightPost(post_id=3, author_id=20, created_at=NOW - 100),
        LightPost(post_id=2, author_id=30, created_at=NOW - 400, is_reply=True),
        LightPost(post_id=1, author_id=20, created_at=NOW - 500, is_reply=True),
        LightPost(post_id=4, author_id=20, created_at=NOW - 600),
    ]
    request = GetInNetworkPostsRequest(user_id=1, exclude_tweet_ids=[8, 9], max_results=7)
    async with serving(follows=FakeFollows({1: [20, 30, 40]})) as served:
        served.timelines.result = answer_with(*posts)
        await served.ask(request)
        sums = {name: served.metric(f"{name}_sum") for name in HISTOGRAMS if "_found_" not in name}
        counts = {name: served.metric(f"{name}_count") for name in sums}
        found = {
            name.removeprefix("get_in_network_posts_found_"): served.metric(f"{name}_sum", stage="scored")
            for name in HISTOGRAMS
            if "_found_" in name
        }
        assert served.metric("post_store_requests_total") == 1
        assert served.metric("post_store_request_timeouts_total") == 0
    assert set(counts.values()) == {1}
    seconds = {name: sums.pop(name) for name in list(sums) if name.endswith("_seconds")}
    assert sums == {
        "post_store_posts_returned": 4,
        "post_store_posts_returned_ratio": 1,
        "get_in_network_posts_count": 4,
        "get_in_network_posts_following_size": 3,
        "get_in_network_posts_excluded_size": 2,
        "get_in_network_posts_max_results": 7,
    }
    assert found == {
        "freshness_seconds": 100,
        "time_range_seconds": 500,
        "reply_ratio": 0.5,
        "unique_authors": 2,
        "posts_per_author": 2,
    }
    total, without = (
        seconds["get_in_network_posts_duration_seconds"],
        seconds["get_in_network_posts_duration_without_strato_seconds"],
    )
    assert total - without == pytest.approx(seconds["strato_request_duration_seconds"])  # pyright: ignore[reportUnknownMemberType]


@in_loop
async def test_an_empty_answer_has_no_statistics_to_count() -> None:
    async with serving() as served:
        await served.ask(GetInNetworkPostsRequest(user_id=1))
        assert served.metric("get_in_network_posts_count_count") == 1
        assert served.metric("get_in_network_posts_found_freshness_seconds_count", stage="scored") == 0
        assert served.metric("post_store_posts_returned_ratio_count") == 0
