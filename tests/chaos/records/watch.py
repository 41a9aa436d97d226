"""Threads that look on: at the commits of the group and at the dead letters."""

import threading
import time
from collections.abc import Callable
from typing import cast

from confluent_kafka import Consumer, KafkaException, TopicPartition

from tests.chaos.records.history import Commits, History, Pause, Place

_TIMEOUT_SECONDS = 5
_PAUSE_SECONDS = 0.02
_SHORTEST_PAUSE_SECONDS = 0.03


class Watch:
    """Looks again and again, until it is stopped."""

    def __init__(self, name: str, look: Callable[[], None], interval: float) -> None:
        self._look = look
        self._interval = interval
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(60)

    def _run(self) -> None:
        while not self._stop.wait(self._interval):
            self._look()


class GroupCommits:
    """Asks for the commits of a group, of which it is no member. For one thread.

    Not the admin client: librdkafka aborts the process when brokers vanish under its requests.
    """

    def __init__(self, brokers: str, group: str, topic: str, partitions: int) -> None:
        self._consumer = Consumer({"bootstrap.servers": brokers, "group.id": group, "log_level": 0})
        self._asked = [TopicPartition(topic, number) for number in range(partitions)]

    def offsets(self) -> dict[int, int]:
        """Committed offset of each partition that has one; none while Kafka does not answer."""
        try:
            places = self._consumer.committed(self._asked, timeout=_TIMEOUT_SECONDS)
        except KafkaException:
            return {}
        return {place.partition: place.offset for place in places if place.offset >= 0 and place.error is None}

    def close(self) -> None:
        self._consumer.close()


def commit_watch(commits: GroupCommits, history: History, on_change: Callable[[Commits], None]) -> Watch:
    """Records the commits twice a second. on_change is called with those that are new."""

    def look() -> None:
        offsets = commits.offsets()
        if offsets and (not history.commits or history.commits[-1].offsets != offsets):
            history.commits.append(Commits(time.monotonic(), offsets))
            on_change(history.commits[-1])

    return Watch("commits", look, 0.5)


def pause_watch(history: History) -> Watch:
    """Records when this process could not run in time."""
    due = time.monotonic()

    def look() -> None:
        nonlocal due
        now = time.monotonic()
        late = now - due - _PAUSE_SECONDS
        if late > _SHORTEST_PAUSE_SECONDS:
            history.pauses.append(Pause(now, late))
        due = now

    return Watch("pauses", look, _PAUSE_SECONDS)


class DeadLetterReader:
    """Reads the dead-letter topic from its start on, whenever it is asked to look."""

    def __init__(self, brokers: str, topic: str, source: str, history: History) -> None:
        self._consumer = Consumer({"bootstrap.servers": brokers, "group.id": "dead letters", "log_level": 0})
        self._consumer.assign([TopicPartition(topic, 0, 0)])
        self._source = source
        self._history = history

    def look(self) -> None:
        """Record the coordinates of what came since the last time."""
        for message in self._consumer.consume(1000, 0.05):
            headers = {name: cast("bytes", value).decode() for name, value in message.headers() or []}
            if message.error() is None and headers.get("topic") == self._source:
                self._history.dead_letters.add(Place(int(headers["partition"]), int(headers["offset"])))

    def close(self) -> None:
        self._consumer.close()
