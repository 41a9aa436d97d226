"""Workers and servers around a Redis of any shape, on topics of their own of a Kafka that is there."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from common.post import LightPost
from tests.chaos.losses.ledger import Ledger
from tests.chaos.losses.load import PANELS, TARGETS, VIEWERS, Author, FollowEvents, Load, PostEvents, Raw, Refined
from tests.chaos.losses.readers import AuthorsOfViewer, PostsOfAuthors, Reader
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.refined_topic import produce_events
from tests.support.network.proxy import Network
from tests.support.processes.thunder import Role, Thunder
from tests.support.redis.servers import RedisServer
from tests.support.unused import unique

_TOPIC_FLAGS = {
    "refined": "--innetwork-post-topic",
    "raw": "--tweet-events-topic",
    "follows": "--follows-topic",
}


class LossyStore(Protocol):
    """A Redis of any shape. url: for servers. worker_url: for workers, who may come another way."""

    url: str
    worker_url: str

    def data_servers(self) -> Sequence[RedisServer]:
        """The servers that hold data for clients now."""
        ...

    def close(self) -> None:
        """Kill every server."""
        ...


MakeLossyStore = Callable[[Path, Network], LossyStore]


class Release(NamedTuple):
    """Another release of the product: a command, and the environment that it needs."""

    program: Sequence[str | Path]
    env: Mapping[str, str]


class Plan(NamedTuple):
    """Size of a rig. rate: events a second. groups: consumer groups that fill the store, and the workers of each.

    events: kind of the topic that the load writes. preload: events that are there before. release: of the first
    workers, made in the folder that it is given.
    """

    rate: int = 1000
    workers: int = 2
    servers: int = 2
    groups: int = 1
    partitions: int = 6
    preload: int = 6000
    events: Literal["refined", "raw", "follows"] = "refined"
    seed: int = 1
    release: Callable[[Path], Release] | None = None


class Rig:
    """Made for one scenario; used with `close`. workers, servers: the roles that run now. load: what writes.

    ledger: what is compared with the answers. logs: the folder with the logs of the roles.
    """

    def __init__(self, directory: Path, kafka: KafkaBroker, network: Network, store: LossyStore, plan: Plan) -> None:
        self.plan = plan
        self.kafka = kafka
        self.network = network
        self.store = store
        self.topic = kafka.create_topic(unique(plan.events), plan.partitions)
        self.groups = [unique("group") for _ in range(plan.groups)]
        self.logs = directory / "roles"
        self.logs.mkdir()
        self.workers: list[Role] = []
        self.servers: list[Role] = []
        self.readers: list[Reader] = []
        self.ledger = Ledger()
        self.load = Load(kafka.bootstrap, self.topic, _author(self.ledger, plan), plan.rate)
        self._dead_letters = kafka.create_topic(unique("dead"), 1)
        self._thunder = Thunder(self.logs)
        self._release = plan.release(directory) if plan.release else None

    def start(self) -> None:
        """Start everything but the load and the readers; return when it is ready."""
        if self.plan.events == "follows":
            self._post_once()
        self.workers += [
            self.start_worker(group, self._release) for group in self.groups for _ in range(self.plan.workers)
        ]
        flags = ["serve", "--redis-url", self.store.url, "--follow-store"]
        self.servers += [self._thunder.start(*flags) for _ in range(self.plan.servers)]
        for role in self.roles:
            role.wait_until_ready()
        follows = self.plan.events == "follows"
        question, panels = (AuthorsOfViewer(), VIEWERS) if follows else (PostsOfAuthors(), PANELS)
        for number, server in enumerate(self.servers):
            self.readers.append(Reader(number, f"127.0.0.1:{server.grpc_port}", question, panels))

    def start_worker(self, group: str, release: Release | None = None) -> Role:
        """One more worker of that group."""
        events = self.plan.events
        if release is None:
            return self._thunder.start(*self._words(group, events, self.topic))
        words = self._words(group, events, self.topic)
        return self._thunder.start(*words, env=release.env, program=release.program)

    @property
    def first_release(self) -> Release | None:
        """Release of the first workers."""
        return self._release

    @property
    def roles(self) -> list[Role]:
        """All that run now."""
        return [*self.workers, *self.servers]

    def close(self) -> None:
        """Kill what still runs."""
        for reader in self.readers:
            reader.close()
        self._thunder.close()

    def _post_once(self) -> None:
        """One post of everybody who can be followed, by a worker that goes on."""
        topic = self.kafka.create_topic(unique("posts"), 2)
        now = int(time.time())
        produce_events(self.kafka.bootstrap, topic, (LightPost(target, target, now) for target in TARGETS))
        self.workers.append(self._thunder.start(*self._words(unique("group"), "refined", topic)))

    def _words(self, group: str, events: str, topic: str) -> list[str]:
        return [
            *("ingest", "--kafka-group-id", group, _TOPIC_FLAGS[events], topic, "--events", events),
            *("--dead-letter-topic", self._dead_letters, "--auto-offset-reset", "smallest"),
            *("--in-network-events-consumer-dest", self.kafka.bootstrap, "--redis-url", self.store.worker_url),
            *("--lag-monitor-interval-secs", "1", "--fetch-timeout-ms", "200"),
        ]


def _author(ledger: Ledger, plan: Plan) -> Author:
    if plan.events == "follows":
        return FollowEvents(ledger, plan.seed, VIEWERS, TARGETS)
    return PostEvents(ledger, plan.seed, Raw() if plan.events == "raw" else Refined())
