"""A worker in this process whose clock the test sets, against the clock of a real Redis."""

import time
from collections.abc import Generator

import pytest
from prometheus_client import CollectorRegistry

from common.lifecycle import Stop
from common.post import LightPost
from common.settings.ingest import IngestSettings
from ingest.app import ingest_role
from ingest.events import PostDelete
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.refined_topic import produce_events
from tests.support.kafka.topic import KafkaTopic
from tests.support.redis.stored_posts import stored_ids
from tests.support.unused import unique
from tests.support.wait import eventually

AUTHOR = 7
HOUR = 3600
SLOW = "this machine's clock is more than 60 s behind Redis's"
FAST = "this machine's clock is more than 60 s ahead of Redis's"


class Worker:
    """Reads a topic of one partition into the Redis; its clock is ahead of the machine's."""

    def __init__(self, kafka: KafkaBroker, redis_url: str, ahead: int = 0) -> None:
        self.ahead = ahead
        self.topic = KafkaTopic(kafka.bootstrap, kafka.create_topic(unique("innetwork_post"), 1))
        settings = IngestSettings.model_validate(
            {
                "kafka_group_id": self.topic.group,
                "in_network_events_consumer_dest": kafka.bootstrap,
                "innetwork_post_topic": self.topic.name,
                "auto_offset_reset": "smallest",
                "redis_url": redis_url,
                "post_retention_seconds": HOUR,
            }
        )
        self._redis_url = redis_url
        self._bootstrap = kafka.bootstrap
        self._stop = Stop()
        self._registry = CollectorRegistry()
        self.role = ingest_role(settings, self._stop, self._registry, lambda: int(time.time()) + self.ahead)
        self.role.start(on_ready=lambda: None)

    def produce(self, *events: LightPost | PostDelete) -> None:
        produce_events(self._bootstrap, self.topic.name, events)

    def metric(self, name: str, **labels: str) -> float:
        value = self._registry.get_sample_value(name, labels)
        assert value is not None
        return value

    def wait_for(self, reason: str | None) -> None:
        eventually(lambda: self.role.not_ready() == reason, f"not ready: {reason}", timeout=60)

    @property
    def stored(self) -> list[int]:
        return sorted(stored_ids(self._redis_url, AUTHOR))

    @property
    def committed(self) -> int:
        return sum(self.topic.commits.values())

    def end(self) -> None:
        self._stop.set()
        self.role.join(30)


@pytest.fixture
def worker(kafka: KafkaBroker, redis_url: str) -> Generator[Worker]:
    worker = Worker(kafka, redis_url)
    yield worker
    worker.end()


def posts(*ids: int) -> list[LightPost]:
    return [LightPost(number, AUTHOR, int(time.time())) for number in ids]


@pytest.mark.parametrize(("ahead", "reason"), [(-HOUR, SLOW), (2 * HOUR, FAST)])
def test_worker_with_a_wrong_clock_pauses_and_loses_nothing(
    worker: Worker, ahead: int, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    worker.wait_for(None)
    worker.produce(*posts(1, 2))
    eventually(lambda: worker.stored == [1, 2] and worker.committed == 2, "the first posts")

    worker.ahead = ahead
    worker.wait_for(reason)
    worker.produce(*posts(3), PostDelete(1, int(time.time())))
    eventually(lambda: worker.metric("ingest_held_batches") == 1, "the batch to be held")
    eventually(lambda: f"Paused: {reason} (" in caplog.text, "the log line")
    assert worker.stored == [1, 2]
    assert worker.committed == 2
    assert worker.metric("ingest_clock_disagrees") == 1
    assert abs(worker.metric("ingest_clock_lead_seconds") - ahead) < 5

    worker.ahead = 0
    worker.wait_for(None)
    eventually(lambda: worker.stored == [2, 3], "the held events")
    eventually(lambda: worker.committed == 4, "their commit")
    assert worker.metric("ingest_held_batches") == 0
    assert worker.metric("ingest_clock_disagrees") == 0
    assert worker.metric("ingest_dropped_events_total", reason="future") == 0
    assert worker.metric("ingest_dropped_events_total", reason="expired") == 0
    assert caplog.text.count("Paused") == 1


def test_worker_that_starts_with_a_wrong_clock_reads_later(kafka: KafkaBroker, redis_url: str) -> None:
    worker = Worker(kafka, redis_url, ahead=2 * HOUR)
    worker.produce(*posts(1))
    worker.wait_for(FAST)
    worker.ahead = 0
    worker.wait_for(None)
    assert worker.stored == [1]
    worker.end()
