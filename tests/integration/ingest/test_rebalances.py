"""Members come and go while events arrive: nothing is lost, and no commit runs ahead of what its member applied."""

import itertools
from collections.abc import Mapping, Sequence
from threading import Event as Flag
from threading import Thread

from prometheus_client import CollectorRegistry

from common.settings.kafka import KafkaSettings
from ingest.batch import Gather, Message, no_gathering
from ingest.events import Event, PostDelete
from ingest.loop import Adapters, IngestLoop
from ingest.metrics import IngestMetrics
from ingest.wiring import policies_of
from ingest.write_limiter import WriteLimiter
from tests.support.fakes.memory_adapters import DIGITS, MemoryDeadLetters
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.topic import KafkaTopic
from tests.support.unused import unique
from tests.support.wait import eventually

PARTITIONS = 12
PLACES = 1_000_000
POLICIES = policies_of(KafkaSettings(kafka_group_id="g", kafka_batch_size=50, catch_up_batch_size=50))


class Member:
    """A loop in a thread. Each event is the delete of a post whose id tells its place: partition * PLACES + offset."""

    def __init__(self, topic: KafkaTopic) -> None:
        self.applied: set[int] = set()
        self.ahead: list[str] = []
        self._given: list[int] = []
        self._stop = Flag()
        self._consumer = topic.join()
        self._poll, self._commit = self._consumer.poll, self._consumer.commit
        self._consumer.poll, self._consumer.commit = self._watched_poll, self._watched_commit
        adapters = Adapters(self._consumer, DIGITS, self, MemoryDeadLetters())
        metrics = IngestMetrics(CollectorRegistry())
        self.loop = IngestLoop(topic.name, adapters, POLICIES, WriteLimiter(1), metrics, lambda: 0, self._stop.is_set)
        self._thread = Thread(target=self.loop.run, daemon=True)
        self._thread.start()

    def write(self, events: Sequence[Event], now: int) -> None:
        self.applied.update(event.post_id for event in events if isinstance(event, PostDelete))

    def leave(self) -> None:
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def _watched_poll(self, wanted: int, gather: Gather = no_gathering) -> list[Message]:
        messages = self._poll(wanted, gather)
        self._given += [message.partition * PLACES + message.offset for message in messages]
        return messages

    def _watched_commit(self, offsets: Mapping[int, int]) -> None:
        for partition, offset in offsets.items():
            below = range(partition * PLACES, partition * PLACES + offset)
            if unapplied := [place for place in self._given if place in below and place not in self.applied]:
                self.ahead.append(f"{offset} of partition {partition} committed before {unapplied}")
        self._commit(offsets)


class Feed:
    """Produces to all partitions in turn until it is ended."""

    def __init__(self, topic: KafkaTopic) -> None:
        self.places: set[int] = set()
        self._topic = topic
        self._end = Flag()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._end.set()
        self._thread.join(30)

    def _run(self) -> None:
        for offset in itertools.count(step=10):
            for partition in range(PARTITIONS):
                places = range(partition * PLACES + offset, partition * PLACES + offset + 10)
                self._topic.produce(*(b"%d" % place for place in places), partition=partition)
                self.places.update(places)
            if self._end.wait(0.05):
                return


def test_rebalances_lose_nothing_and_commit_nothing_early(kafka: KafkaBroker) -> None:
    topic = KafkaTopic(kafka.bootstrap, kafka.create_topic(unique("posts"), PARTITIONS))
    feed = Feed(topic)
    gone: list[Member] = []
    members = [Member(topic)]

    def applied() -> set[int]:
        return set[int]().union(*(member.applied for member in (*gone, *members)))

    def progress(description: str) -> None:
        goal = len(applied()) + 500
        eventually(lambda: len(applied()) >= goal and all(member.loop.caught_up for member in members), description)

    for round_number in range(3):
        progress(f"events to be applied in round {round_number}")
        members.append(Member(topic))
        progress("two members to make progress")
        members.append(Member(topic))
        progress("three members to make progress")
        for _ in range(2):
            gone.append(members.pop(0))
            gone[-1].leave()
    feed.end()
    eventually(lambda: applied() == feed.places, "every event to be applied")
    members[0].leave()
    assert [member.ahead for member in (*gone, *members)] == [[]] * 7
    assert sum(topic.commits.values()) == len(feed.places)
