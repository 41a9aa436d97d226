"""A thread that reads Kafka goes on while the node that holds the reports of the store does not answer."""

import time
from collections.abc import Iterator
from itertools import count
from threading import Thread

import pytest
import redis
from prometheus_client import CollectorRegistry

from common.lifecycle import Stop
from common.settings.ingest import IngestSettings
from common.store.catch_up import read_status
from ingest.dead_letters.limits import DeadLetterLimits
from ingest.loop import Adapters, Batching, IngestLoop, Policies
from ingest.metrics import IngestMetrics
from ingest.write.caught_up_reports import CaughtUp
from ingest.write.metrics import StoreMetrics
from ingest.write.store import Store, StoreReports
from ingest.write_limiter import WriteLimiter
from tests.support.fakes.memory_adapters import DIGITS, MemoryDeadLetters, MemorySink
from tests.support.fakes.memory_topic import MemoryTopic
from tests.support.network.proxy import Link, Network
from tests.support.wait import eventually

TIMEOUT_SECONDS = 5

POLICIES = Policies(
    Batching(size=10, catch_up_size=20, fetch_timeout=1.0, linger=0.02),
    DeadLetterLimits(consecutive=25, window=1000, share=0.5),
    lag_interval=1,
)


@pytest.fixture
def link(redis_url: str) -> Iterator[Link]:
    with Network() as network:
        yield network.link(redis.Redis.from_url(redis_url).connection_pool.connection_kwargs["port"])


def reported(redis_url: str) -> dict[str, str]:
    with redis.Redis.from_url(redis_url) as client:
        return read_status(client)


def test_reports_to_a_silent_node_hold_up_no_batch(link: Link, redis_url: str) -> None:
    address = {"redis_url": f"redis://127.0.0.1:{link.port}", "redis_timeout_ms": 1000 * TIMEOUT_SECONDS}
    store = Store(IngestSettings.model_validate({**address, "kafka_group_id": "any"}))
    stop, topic, sink, seconds = Stop(), MemoryTopic(), MemorySink(), count(1000)
    store.open()
    topic.lineage_now = store.lineage
    reports = StoreReports(store, StoreMetrics(CollectorRegistry())).caught_up

    def report(partition: int, lineage: str) -> None:
        reports.add(CaughtUp("posts", partition, lineage, 1))

    adapters = Adapters(topic.join(), DIGITS, sink, MemoryDeadLetters(), report)
    metrics = IngestMetrics(CollectorRegistry())
    loop = IngestLoop("posts", adapters, POLICIES, WriteLimiter(1), metrics, lambda: next(seconds), stop.is_set)
    reporting = Thread(target=reports.run, args=(stop,))
    reporting.start()
    try:
        with link.held_still():
            began = time.monotonic()
            for number in range(5):  # each is a second of the clock: a report is due each time
                topic.produce(b"%d" % number)
                loop.run_once()
            assert time.monotonic() - began < TIMEOUT_SECONDS, "not even one report was waited for"
            assert sink.ids == [*range(5)]
            assert reported(redis_url) == {}
        expected = {"posts:partitions": "1", "posts:0": store.lineage}
        eventually(lambda: reported(redis_url) == expected, "the report")
    finally:
        stop.set()
        reporting.join(2 * TIMEOUT_SECONDS)
