"""Requests that a core decodes by itself: answers, errors and metrics are those of the way through protobuf."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from common.errors import StoreUnavailable
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, PerAuthorLimits, Position
from common.retention import Retention
from common.settings.serve import ServingSettings
from serve.deadline import NO_DEADLINE
from serve.native import NATIVE
from serve.query import Answer
from serve.rejection import Rejection
from serve.request import InvalidRequest
from serve.timeline.cores import chosen_core
from serve.timeline.read_core import StoreMap
from serve.timeline.timeline import Timelines
from serve.wiring import build_service, limits_of
from tests.support.in_loop import in_loop
from tests.support.serving.read_service import FakeFollows
from tests.unit.serve.memory_fetcher import MemoryFetcher
from tests.unit.serve.timeline.read_worlds import KEYS, NOW, OLDEST, random_world
from tests.unit.serve.timeline.test_read_core import node_of

PAYLOADS = 200
WORLD = random_world(12)


class Served:
    """A service with a core of its own, over the same store as all others."""

    def __init__(self, core: str, **settings: object) -> None:
        checked = ServingSettings.model_validate({"max_list_size": 20, "max_results_limit": 1500, **settings})
        fetcher = MemoryFetcher(node_of(WORLD), StoreMap(KEYS, WORLD.node_of_bucket))
        self._timelines = Timelines(fetcher, Retention(NOW - OLDEST), 1 << 26, chosen_core(core))
        self._limits = limits_of(checked)
        self._registry = CollectorRegistry()
        follows = FakeFollows({7: WORLD.query.following[:3]})
        self._service = build_service(checked, self._timelines, follows, lambda: NOW, self._registry).posts

    async def ask(self, payload: bytes) -> Answer | str:
        """The answer, or the error."""
        ticket = self._service.admit("caller", len(payload))
        assert not isinstance(ticket, Rejection)
        try:
            return await self._service.run(payload, ticket, NO_DEADLINE)
        except (InvalidRequest, StoreUnavailable) as error:
            return f"{type(error)}: {error}"

    def decodes(self, payload: bytes) -> bool:
        """Whether the core decodes this request."""
        return self._timelines.common_request(payload, self._limits) is not None

    def metrics(self) -> dict[object, float]:
        """Samples by name and labels, but for durations."""
        samples = (sample for family in self._registry.collect() for sample in family.samples)
        return {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for sample in samples
            if "duration" not in sample.name and not sample.name.endswith("_created")
        }


def payloads() -> Iterator[bytes]:
    """Requests of the common form, others, and some that are damaged."""
    rng = random.Random(1)
    authors = [*WORLD.query.following, 5, 6, 2**63 - 1]
    posts = [held.post.post_id for held in WORLD.held]
    for _ in range(PAYLOADS):
        request = GetInNetworkPostsRequest(
            user_id=rng.choices((0, 7, 8, 2**63, 2**64 - 1), (4, 4, 4, 1, 1))[0],
            following_user_ids=rng.choices(authors, k=rng.choices((0, 1, 3, 8, 25), (1, 4, 4, 4, 1))[0]),
            max_results=rng.choices((0, 1, 10, 1500, 1501), (2, 2, 2, 2, 1))[0],
            exclude_tweet_ids=rng.choices(posts, k=rng.choices((0, 3, 21), (4, 4, 1))[0]),
            is_video_request=rng.random() < 0.2,
        )
        if rng.random() < 0.3:
            _add_rare(request, rng)
        payload = request.SerializeToString()
        yield payload if rng.random() < 0.9 else _damaged(payload, rng)


def _add_rare(request: GetInNetworkPostsRequest, rng: random.Random) -> None:
    rare = (
        {"algorithm": "latest"},
        {"created_after": NOW - 30},
        {"before": Position(created_at=NOW, post_id=1)},
        {"exclude_replies": True},
        {"per_author_limits": PerAuthorLimits(max_posts_per_author=1)},
        {"following_user_ids": [0]},
        {"exclude_tweet_ids": [0, 2**64 - 1]},
    )
    request.MergeFrom(GetInNetworkPostsRequest(**rng.choice(rare)))  # type: ignore[arg-type]


def _damaged(payload: bytes, rng: random.Random) -> bytes:
    cut = payload[: rng.randrange(len(payload) + 1)]
    return cut + rng.randbytes(rng.randrange(4))


@pytest.mark.skipif(not NATIVE, reason="the native core was not compiled")
@in_loop
async def test_the_native_way_changes_nothing() -> None:
    native, python = Served("native"), Served("python")
    asked = list(payloads())
    for payload in asked:
        assert await native.ask(payload) == await python.ask(payload)
    assert native.metrics() == python.metrics()
    assert PAYLOADS / 4 < sum(native.decodes(payload) for payload in asked) < PAYLOADS


@pytest.mark.skipif(not NATIVE, reason="the native core was not compiled")
@in_loop
async def test_blocked_authors_are_left_out_of_common_requests(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text(str(WORLD.query.following[0]), encoding="ascii")
    native, python = (Served(core, blocked_authors_file=str(blocked)) for core in ("native", "python"))
    for payload in payloads():
        assert await native.ask(payload) == await python.ask(payload)
    assert native.metrics() == python.metrics()
    assert native.metrics()["post_store_blocked_total", ("kind", "author")] > 0
