"""Environment of a demo: embedded servers and the roles, in a temporary folder that is removed at the end."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from enum import StrEnum
from itertools import chain, cycle
from pathlib import Path
from types import TracebackType
from typing import Self

from common.errors import ThunderError
from common.lifecycle import Stop
from thunder.demo.roles import Addresses, role_commands
from thunder.demo.stage import Victim
from thunder.embedded.child import LOOPBACK, free_port, stop_together
from thunder.embedded.kafka_cluster import EmbeddedKafka
from thunder.embedded.redis_cluster import EmbeddedRedisCluster
from thunder.embedded.redis_server import DURABLE, NOTHING_MORE, EmbeddedRedis
from thunder.embedded.role_process import RoleProcess

TOPIC_RAW = "tweet_events"
TOPIC_REFINED = "innetwork_post"
TOPIC_DEAD_LETTERS = "thunder_dead_letters"

_SECONDS_TO_GET_READY = 60.0
_SECONDS_BETWEEN_CHECKS = 0.1
_SECONDS_TO_STOP = 5.0


class EmbeddedStore(StrEnum):
    """Kind of the Redis that a demo runs."""

    SINGLE = "single"
    CLUSTER = "cluster"


class NotReady(ThunderError):
    """A role is still not ready a minute after its start."""


class Environment:
    """A context manager: leaving it always stops the processes and removes the folder.

    An error that leaves it becomes ChildDied when a process has died.
    """

    def __init__(
        self, grpc_port: int, http_port: int, store: EmbeddedStore = EmbeddedStore.SINGLE, *, durable: bool = False
    ) -> None:
        """Starts the servers and the roles, which need some seconds more; a port of 0 is any free one.

        durable: what Redis holds survives its death. Raises ConfigurationError, KafkaUnavailable, ChildDied.
        """
        with ExitStack() as starting:
            self._folder = Path(starting.enter_context(tempfile.TemporaryDirectory(prefix="thunder-demo-")))
            kafka = EmbeddedKafka()
            starting.callback(kafka.stop)
            more = DURABLE if durable else NOTHING_MORE
            is_cluster = store is EmbeddedStore.CLUSTER
            self.redis = (EmbeddedRedisCluster if is_cluster else EmbeddedRedis)(self._folder, more)
            starting.callback(self.redis.stop)
            self.addresses = Addresses(
                kafka=kafka.bootstrap_servers,
                topic_raw=TOPIC_RAW,
                topic_refined=TOPIC_REFINED,
                redis=self.redis.url,
                grpc=f"{LOOPBACK}:{grpc_port or free_port()}",
                http=f"{LOOPBACK}:{http_port or free_port()}",
            )
            for topic in (TOPIC_RAW, TOPIC_REFINED, TOPIC_DEAD_LETTERS):
                kafka.create_topic(topic)
            self._roles: list[RoleProcess] = []
            starting.callback(self._stop_roles)
            self._roles += (RoleProcess(command, self._folder) for command in role_commands(self.addresses))
            self._open = starting.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is not None:
                self.check()  # a process that has died explains more than what it led to
        finally:
            self._open.close()

    def check(self) -> None:
        """Raises ChildDied, with the end of its log, when a process has ended."""
        self.redis.check()
        for role in self._roles:
            role.process.check()

    def victims(self) -> Iterator[Victim]:
        """Processes to kill, without end: a Redis server, then a worker. The gRPC server stays, for its callers."""
        servers = self.redis.nodes if isinstance(self.redis, EmbeddedRedisCluster) else [self.redis]
        workers = [role for role in self._roles if role.name != "serve"]
        return chain.from_iterable(zip(cycle(servers), cycle(workers), strict=False))

    def all_ready(self) -> bool:
        """Whether every role says so."""
        return all(role.is_ready() for role in self._roles)

    def wait_until_ready(self, stop: Stop, report: Callable[[str], object]) -> bool:
        """Waits for the roles and reports which ones. Returns False if stopped before. Raises ChildDied, NotReady."""
        began = time.monotonic()
        while waiting_for := [role for role in self._roles if not role.is_ready()]:
            self.check()
            if stop.wait(_SECONDS_BETWEEN_CHECKS):
                return False
            waited = time.monotonic() - began
            if waited > _SECONDS_TO_GET_READY:
                raise NotReady(
                    "\n".join(f"{role.name} is not ready:\n{role.process.last_lines()}" for role in waiting_for)
                )
            report(f"starting: {', '.join(role.name for role in waiting_for)} · {waited:.0f} s")
        return True

    def _stop_roles(self) -> None:
        stop_together([role.process for role in self._roles], _SECONDS_TO_STOP)
