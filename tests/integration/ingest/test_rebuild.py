"""A store that lost its data, or is suspect, is filled again from Kafka."""

import time

import pytest
import redis
from confluent_kafka import Producer

from common.store.keys import KeySpace
from ingest.decode.refined_event import encode_event, event_key
from ingest.events import PostDelete
from tests.support.kafka.broker import KafkaBroker
from tests.support.processes.ingest_workers import AUTHOR, SESSION_SECONDS, SHORT_SESSION, IngestWorkers, posts
from tests.support.processes.thunder import Role, Thunder
from tests.support.unused import unique
from tests.support.wait import eventually

THREE_DAYS = 3 * 86_400


@pytest.fixture
def ingest(thunder: Thunder, kafka: KafkaBroker, redis_url: str) -> IngestWorkers:
    return IngestWorkers(thunder, kafka, redis_url)


def empty(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()


def created(role: Role) -> float:
    return role.metrics().value("ingest_events_total", type="create")


def test_redis_emptied_under_workers_is_filled_again(ingest: IngestWorkers, redis_url: str) -> None:
    workers = [ingest.ready("--auto-offset-reset", "smallest"), ingest.ready()]
    ingest.produce(*posts(1, 200), PostDelete(7, 0))
    ingest.wait_for_posts(*range(1, 7), *range(8, 201))

    empty(redis_url)

    ingest.wait_for_posts(*range(1, 7), *range(8, 201))
    eventually(
        lambda: any("Store lineage changed" in role.output() for role in workers), "a line that says what happened"
    )
    ingest.produce(*posts(201, 210))
    ingest.wait_for_posts(*range(1, 7), *range(8, 211))
    assert [role.exit_code for role in workers] == [None, None]


def test_a_server_is_not_ready_until_the_lost_data_is_back(
    ingest: IngestWorkers, thunder: Thunder, redis_url: str
) -> None:
    worker = ingest.ready("--auto-offset-reset", "smallest", *SHORT_SESSION)
    ingest.produce(*posts(1, 50))
    ingest.wait_for_posts(*range(1, 51))
    server = thunder.start("serve", "--redis-url", redis_url)
    server.wait_until_ready()
    eventually(lambda: ingest.committed == 50, "a commit of everything")
    worker.kill()

    empty(redis_url)

    eventually(lambda: server.status("/readyz") == 503, "the server to be not ready")
    ingest.start()  # largest, and everything is committed: for data that is no more
    eventually(lambda: server.status("/readyz") == 200, "the server to be ready", timeout=SESSION_SECONDS + 20)
    assert sorted(ingest.stored) == list(range(1, 51))


def test_a_rebuild_repairs_a_store_from_kafka(ingest: IngestWorkers, redis_url: str) -> None:
    produce_long_ago(ingest, first_id=1001, last_id=1010)
    running = ingest.ready("--auto-offset-reset", "smallest")
    ingest.produce(*posts(1, 100), PostDelete(9, 0))
    ingest.wait_for_posts(*range(1, 9), *range(10, 101))
    with redis.Redis.from_url(redis_url) as client:
        client.delete(KeySpace().author(AUTHOR).posts)

    rebuilding = ingest.ready("--rebuild")

    ingest.wait_for_posts(*range(1, 9), *range(10, 101))
    read = [role.metrics().value("ingest_dropped_events_total", reason="expired") for role in (running, rebuilding)]
    assert read == [10, 0], "what is older than the retention was read at the first start only"


def test_a_rebuild_does_not_need_a_commit(ingest: IngestWorkers) -> None:
    ingest.produce(*posts(1, 20))
    ingest.ready("--rebuild")  # largest would begin at the end
    assert sorted(ingest.stored) == list(range(1, 21))


def test_groups_resume_at_their_own_offsets(ingest: IngestWorkers) -> None:
    first = ingest.ready("--auto-offset-reset", "smallest")
    ingest.produce(*posts(1, 50))
    ingest.wait_for_posts(*range(1, 51))
    assert first.terminate() == 0
    ingest.produce(*posts(51, 60))

    other = ingest.ready("--auto-offset-reset", "smallest", "--kafka-group-id", unique("group"))

    assert (created(other), ingest.committed) == (60, 50)
    resumed = ingest.ready()
    eventually(lambda: created(resumed) == 10, "what came since the first group stopped")
    assert other.terminate() == 0


def produce_long_ago(ingest: IngestWorkers, first_id: int, last_id: int) -> None:
    """Posts whose messages were written when they were."""
    producer = Producer({"bootstrap.servers": ingest.bootstrap})
    for post in posts(first_id, last_id):
        old = post._replace(created_at=post.created_at - THREE_DAYS)
        written = int(time.time() - THREE_DAYS) * 1000
        producer.produce(ingest.topic.name, encode_event(old), event_key(old), timestamp=written)
    assert producer.flush(30) == 0
