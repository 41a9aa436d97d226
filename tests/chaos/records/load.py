"""Writes the events of a world to Kafka and records what Kafka acknowledged."""

import random
import threading
import time
from collections.abc import Callable
from functools import partial

from confluent_kafka import KafkaError, Message, Producer

from common.post import LightPost
from ingest.decode.refined_event import decode_event, encode_event, event_key
from ingest.events import Event, Malformed
from tests.chaos.records.history import History, Place, Produced
from tests.chaos.records.world import ABSURD_MOMENTS, World, poison

_TICK_SECONDS = 0.05
_FLUSH_SECONDS = 120


class Load:
    """A thread that writes this number of events a second until it is stopped."""

    def __init__(self, brokers: str, topic: str, history: History, drawn: random.Random, per_second: float) -> None:
        self.world = World(drawn)
        self._history = history
        self._topic = topic
        self._random = drawn
        self._per_tick = per_second * _TICK_SECONDS
        self._producer = Producer(
            {
                "bootstrap.servers": brokers,
                "enable.idempotence": True,
                "linger.ms": 5,
                "partitioner": "murmur2_random",
                "delivery.timeout.ms": 600_000,
                "message.max.bytes": 11 * 2**20,
                "log_level": 0,
            }
        )
        self._writing = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Write no more; return when all is acknowledged."""
        self.end()
        left = self._producer.flush(_FLUSH_SECONDS)
        assert left == 0, f"Kafka has not acknowledged {left} messages within {_FLUSH_SECONDS} s"

    def end(self) -> None:
        """Write no more; what was written may still fail."""
        self._stop.set()
        self._thread.join(10)

    def write_poison(self, count: int, payload: Callable[[random.Random], bytes] = poison) -> None:
        """Write messages that are no events, and creates with absurd times. For any thread."""
        with self._writing:
            for _ in range(count):
                self._write_bad(payload(self._random))
                moment = self._random.choice(ABSURD_MOMENTS)
                self._produce_absurd(LightPost(self._random.getrandbits(62) + 1, self.world.authors[0], moment))

    def _run(self) -> None:
        due = 0.0
        while not self._stop.wait(_TICK_SECONDS):
            due += self._per_tick
            with self._writing:
                for event in self.world.events(int(due), time.time()):
                    self._write(event)
            due -= int(due)
            self._producer.poll(0)

    def _write(self, event: Event) -> None:
        written = partial(self._written, event, time.monotonic())
        self._producer.produce(self._topic, encode_event(event), event_key(event), on_delivery=written)

    def _write_bad(self, payload: bytes) -> None:
        try:
            decode_event(payload)
        except Malformed:
            key = b"%d" % self._random.getrandbits(32)
            self._producer.produce(self._topic, payload, key, on_delivery=self._poison_written)

    def _produce_absurd(self, post: LightPost) -> None:
        self._producer.produce(self._topic, encode_event(post), event_key(post))

    def _written(self, event: Event, sent: float, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._history.unsure.append(event)
            return
        place = (_number(message.partition()), _number(message.offset()))
        self._history.produced.append(Produced(event, *place, sent, time.monotonic()))

    def _poison_written(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self._history.poison.append(Place(_number(message.partition()), _number(message.offset())))


def _number(value: int | None) -> int:
    assert value is not None
    return value
