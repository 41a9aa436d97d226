"""A process of its own that sends new posts to a topic at a steady rate: its handle, and its program."""

import sys
import time
from itertools import islice
from typing import Self

from confluent_kafka import Producer

from common.errors import ThunderError
from ingest.decode.refined_event import encode_event, event_key
from thunder.bench.load.process import LoadProcess
from thunder.bench.standard_store import posts
from thunder.embedded.role_process import program

_SECONDS_BETWEEN_SENDS = 0.002


class FeederFailed(ThunderError):
    """The process that sends posts ended."""


class SteadyFeeder(LoadProcess):
    """Sends posts of the standard store from number `first` on, until the end of the block."""

    def __init__(self, brokers: str, topic: str, rate: int, first: int = 0) -> None:
        """Starts it; it sends when the block begins. rate: posts per second."""
        code = f"from {__name__} import main; main()"
        words = [*program(code), brokers, topic, str(rate), str(first)]
        super().__init__(words)

    def __enter__(self) -> Self:
        output = self._process.stdout
        if output is None or not output.readline():
            raise FeederFailed(f"the process that sends posts ended with exit code {self._process.poll()}")
        return self


def main() -> None:
    """Send until the process ends: its arguments are brokers, topic, rate and the number of the first post."""
    brokers, topic, rate, first = sys.argv[1:]
    producer = Producer({"bootstrap.servers": brokers, "linger.ms": 5, "log_level": 0})
    began = 0.0
    for sent, post in enumerate(islice(posts(int(time.time())), int(first), None)):
        began = began or time.monotonic()
        while sent > (time.monotonic() - began) * int(rate):
            time.sleep(_SECONDS_BETWEEN_SENDS)
            producer.poll(0)
        producer.produce(topic, encode_event(post), event_key(post))
        if sent == 0:
            print("begun", flush=True)
