"""Everything that runs beside the test: Kafka, Redis, workers and servers, on free ports."""

from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from confluent_kafka.admin import AdminClient

from tests.support.kafka.cluster import KafkaCluster
from tests.support.kafka.libraries import kafka_libraries
from tests.support.network.proxy import Network
from tests.support.processes.thunder import Role, Thunder
from tests.support.programs.installed import Progress
from tests.support.redis.replicated_cluster import ReplicatedCluster
from tests.support.redis.servers import RedisServer
from tests.support.unused import free_port

TOPIC = "innetwork_post"
DEAD_LETTERS = "dead_letters"
GROUP = "chaos"
PARTITIONS = 12
WORKERS = 3
SERVERS = 2
LARGEST_MESSAGE = 11 * 2**20


class StoreOnStage(Protocol):
    """A Redis of any shape. url: for the product, as --redis-url takes it."""

    url: str

    def data_servers(self) -> Sequence[RedisServer]:
        """The servers that hold data for clients now: masters, no replicas."""
        ...

    def close(self) -> None:
        """Kill every server."""
        ...


MakeStore = Callable[[Path, Network], StoreOnStage]
"""Starts a Redis with its files in a folder that exists; links of the network may lead to it."""


def cluster_of_six(directory: Path, network: Network) -> ReplicatedCluster:
    """Three masters and three replicas, without persistence."""
    return ReplicatedCluster(directory, network)


class Stage:
    """The processes and what a scenario needs of them. Made by `stage`.

    workers, servers: the roles, in places that stay: who ends a role puts its successor there. logs: their folder.
    """

    def __init__(self, directory: Path, network: Network, kafka: KafkaCluster, store: StoreOnStage) -> None:
        self.network = network
        self.kafka = kafka
        self.store = store
        self.logs = directory / "roles"
        self.logs.mkdir()
        self.thunder = Thunder(self.logs)
        self.admin = AdminClient({"bootstrap.servers": kafka.direct, "log_level": 0})
        self.workers: list[Role] = []
        self.servers: list[Role] = []
        self._ports = [(free_port(), free_port()) for _ in range(SERVERS)]

    @property
    def cluster(self) -> ReplicatedCluster:
        """The Redis, where it is the one of `cluster_of_six`."""
        assert isinstance(self.store, ReplicatedCluster)
        return self.store

    @property
    def addresses(self) -> list[str]:
        """HOST:PORT of each server; they stay the same when a server is replaced."""
        return [f"127.0.0.1:{grpc_port}" for _, grpc_port in self._ports]

    def start_worker(self, *flags: str, group: str = GROUP) -> Role:
        """One more worker, which is the caller's to end."""
        return self.thunder.start("ingest", *self.worker_flags(group), *flags)

    def start_server(self, number: int) -> Role:
        """The server of that place, which must have ended."""
        http_port, grpc_port = map(str, self._ports[number])
        ports = ("--http-port", http_port, "--grpc-port", grpc_port)
        return self.thunder.start("serve", "--redis-url", self.store.url, *ports)

    def worker_flags(self, group: str = GROUP) -> list[str]:
        """Flags of `thunder ingest` on this stage."""
        return [
            *("--in-network-events-consumer-dest", self.kafka.bootstrap, "--redis-url", self.store.url),
            *("--kafka-group-id", group, "--auto-offset-reset", "smallest"),
            *("--innetwork-post-topic", TOPIC, "--dead-letter-topic", DEAD_LETTERS),
            *("--lag-monitor-interval-secs", "1", "--fetch-timeout-ms", "200"),
        ]

    def fill(self) -> None:
        """Create the topics and start workers and servers; return when all are ready."""
        size = {"max.message.bytes": str(LARGEST_MESSAGE)}
        self.kafka.create_topic(TOPIC, PARTITIONS, size)
        self.kafka.create_topic(DEAD_LETTERS, 1)
        self.workers += [self.start_worker() for _ in range(WORKERS)]
        self.servers += [self.start_server(number) for number in range(SERVERS)]
        for role in (*self.workers, *self.servers):
            role.wait_until_ready(180)


@contextmanager
def stage(directory: Path, make_store: MakeStore, progress: Progress) -> Generator[Stage]:
    """Everything started and ready; ended with the block, by an error too."""
    with ExitStack() as ends:
        network = ends.enter_context(Network())
        folders = [directory / name for name in ("redis", "kafka")]
        for folder in folders:
            folder.mkdir()
        progress("starting Redis")
        store = make_store(folders[0], network)
        ends.callback(store.close)
        progress("starting Kafka")
        kafka = KafkaCluster(kafka_libraries(progress), folders[1], network, progress)
        ends.callback(kafka.close)
        made = Stage(directory, network, kafka, store)
        ends.callback(made.thunder.close)
        progress("starting workers and servers")
        made.fill()
        yield made
