"""A topic that is deleted and made again, while a worker runs and while none does, is read from its beginning."""

from typing import cast

import redis

from common.store.keys import META
from common.store.marks import parse_topic_ids
from tests.support.kafka.broker import KafkaBroker
from tests.support.processes.ingest_workers import IngestWorkers, posts
from tests.support.processes.thunder import Thunder
from tests.support.wait import eventually


def topic_ids(url: str) -> list[str]:
    """Topic id of each partition that the store was filled from."""
    with redis.Redis.from_url(url) as client:
        return [*parse_topic_ids(cast("dict[bytes, bytes]", client.hgetall(META.decode()))).values()]


def test_a_topic_made_again_is_read_from_its_beginning(thunder: Thunder, kafka: KafkaBroker, redis_url: str) -> None:
    ingest = IngestWorkers(thunder, kafka, redis_url)
    worker = ingest.ready()
    ingest.produce(*posts(1, 50))
    ingest.wait_for_posts(*range(1, 51))
    eventually(lambda: len(topic_ids(redis_url)) == 4, "the ids of the topic")
    [former] = set(topic_ids(redis_url))
    assert worker.terminate() == 0

    kafka.make_topic_again(ingest.topic.name, 4)
    ingest.produce(*posts(51, 150))
    worker = ingest.ready()
    ingest.wait_for_posts(*range(1, 151))
    eventually(lambda: len(set(topic_ids(redis_url)) - {former}) == 1 == len(set(topic_ids(redis_url))), "the new id")

    kafka.make_topic_again(ingest.topic.name, 4)
    ingest.produce(*posts(151, 400))
    ingest.wait_for_posts(*range(1, 401))
    worker.wait_for_output("was deleted and made again")
    assert worker.terminate() == 0
