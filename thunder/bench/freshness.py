"""`thunder bench freshness`: time from Kafka's acknowledgement of a post until an answer over gRPC has it."""

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import quantiles
from types import TracebackType
from typing import NamedTuple, Self

import grpc
from confluent_kafka import KafkaError, Message, Producer
from rich.progress import Progress

from common.errors import KafkaUnavailable
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse
from common.post import LightPost
from ingest.decode.refined_event import encode_event, event_key
from thunder.bench.load.feeder import SteadyFeeder
from thunder.bench.options import LengthOptions
from thunder.bench.processes import start_server, start_worker
from thunder.bench.store import empty_store
from thunder.bench.topics import BenchKafka, bench_kafka
from thunder_client.connection import METHOD

_RATES = (500, 5000)
FULL_PROBES, QUICK_PROBES = 300, 60
_FIRST_ID = 1_900_000_000_000_000_000
_SECONDS_BETWEEN_PROBES = 0.02
_SECONDS_BETWEEN_CALLS = 0.0005
LONGEST_SECONDS = 2.0
_SECONDS_TO_ACKNOWLEDGE = 10.0
_STORED = 1_000_000
_MOST_LATE = 5


class Freshness(NamedTuple):
    """Times in milliseconds from the acknowledgement to the answer, at a rate of other events per second.

    late: probes that were given up, which count with the time until then: the worker did not keep up.
    """

    events_per_second: int
    p50_ms: float
    p99_ms: float
    probes: int
    late: int


def measure_freshness(
    url: str | None, brokers: str | None, options: LengthOptions, progress: Progress
) -> list[Freshness]:
    """Times at each rate, with a worker and a server. Raises ThunderError."""
    probes = QUICK_PROBES if options.quick else FULL_PROBES
    task = progress.add_task("asking for new posts", total=probes * len(_RATES))
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="thunder-bench-")))
        kafka = running.enter_context(bench_kafka(brokers))
        store = running.enter_context(empty_store(url, folder, _STORED))
        topic = kafka.new_topic()
        worker = start_worker(store, kafka.flags(topic, topic), folder, running)
        worker.wait_until_ready()
        server = start_server("server", store, folder, running)
        prober = running.enter_context(_Prober(kafka, topic, server.address))
        found: list[Freshness] = []
        for number, rate in enumerate(_RATES):
            with SteadyFeeder(kafka.brokers, topic, rate, number * _STORED // len(_RATES)):
                found.append(_times(prober, rate, probes, lambda: progress.advance(task)))
    progress.remove_task(task)
    return found


class _Prober:
    """Sends posts of authors of its own, and asks for each until it is in the answer."""

    def __init__(self, kafka: BenchKafka, topic: str, address: str) -> None:
        self._topic = topic
        self._producer = Producer({"bootstrap.servers": kafka.brokers, "linger.ms": 0, "log_level": 0})
        self._channel = grpc.insecure_channel(address)
        self._ask = self._channel.unary_unary(
            METHOD, GetInNetworkPostsRequest.SerializeToString, GetInNetworkPostsResponse.FromString
        )
        self._sent = 0
        self._acknowledged: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channel.close()
        self._producer.close()

    def milliseconds(self) -> float:
        """Time from the acknowledgement of one post to an answer with it, or until giving up. KafkaUnavailable."""
        self._sent += 1
        number = _FIRST_ID + self._sent
        acknowledged = self._send(LightPost(number, number, int(time.time()), conversation_id=number))
        while not self._ask(GetInNetworkPostsRequest(following_user_ids=[number])).posts:
            if time.monotonic() > acknowledged + LONGEST_SECONDS:
                break
            time.sleep(_SECONDS_BETWEEN_CALLS)
        return (time.monotonic() - acknowledged) * 1000

    def _send(self, post: LightPost) -> float:
        """Time of the acknowledgement."""
        self._acknowledged = None
        self._producer.produce(self._topic, encode_event(post), event_key(post), on_delivery=self._delivered)
        give_up = time.monotonic() + _SECONDS_TO_ACKNOWLEDGE
        while self._acknowledged is None:
            self._producer.poll(0.01)
            if time.monotonic() > give_up:
                raise KafkaUnavailable("the brokers did not acknowledge a post")
        return self._acknowledged

    def _delivered(self, error: KafkaError | None, _message: Message) -> None:
        if error is None:
            self._acknowledged = time.monotonic()


def _times(prober: _Prober, rate: int, probes: int, advance: Callable[[], object]) -> Freshness:
    found: list[float] = []
    late = 0
    while len(found) < probes and late < _MOST_LATE:
        time.sleep(_SECONDS_BETWEEN_PROBES)
        found.append(prober.milliseconds())
        late += found[-1] > LONGEST_SECONDS * 1000
        advance()
    cuts = quantiles([*found, *found], n=100)
    return Freshness(rate, cuts[49], cuts[98], len(found), late)


def freshness_as_json(found: Sequence[Freshness]) -> dict[str, object]:
    """The rows."""
    return {"rows": [{name: round(value, 2) for name, value in row._asdict().items()} for row in found]}
