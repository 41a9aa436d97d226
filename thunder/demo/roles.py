"""The three roles of the demo: real processes of the product, with flags that suit the embedded servers."""

import os
import sys
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import NamedTuple

from thunder.embedded.child import LOOPBACK, Child, free_port
from thunder.embedded.kafka_cluster import ASSIGNMENT_STRATEGY


class Addresses(NamedTuple):
    """kafka, grpc and http as HOST:PORT, redis and page as URLs. http is the serving process's."""

    kafka: str
    topic_raw: str
    topic_refined: str
    redis: str
    grpc: str
    http: str

    @property
    def page(self) -> str:
        """The live page of the serving process."""
        return f"http://{self.http}/"


TRANSFORM_GROUP = "demo-transform"
INGEST_GROUP = "demo-ingest"

# Not -m: that would look for modules in the current folder first, and ours have common names.
_PROGRAM = (sys.executable, "-P", "-c", "import sys; from thunder.cli.main import main; sys.exit(main())")
_SETTING_PREFIXES = ("THUNDER_", "KAFKA_", "SASL_", "PRODUCER_SASL_")
_FREQUENT = {"--lag-monitor-interval-secs": "2"}
"""Lag and size of the store change while one looks."""

_SECONDS_TO_ANSWER = 2.0


class RoleCommand(NamedTuple):
    """Command line of a role; http_port serves its readiness."""

    name: str
    words: tuple[str, ...]
    http_port: int


class RoleProcess:
    """A running role."""

    def __init__(self, command: RoleCommand, folder: Path) -> None:
        """Starts it with its log in folder."""
        self.name = command.name
        self._http_port = command.http_port
        log = folder / f"{command.name}.log"
        self.process = Child(command.name, [*_PROGRAM, *command.words], log, _environment(os.environ))

    def start(self) -> None:
        """Starts it again after kill(); does not wait until it is ready."""
        self.process.start()

    def kill(self) -> None:
        """Ends it at once, until start()."""
        self.process.kill()

    def is_ready(self) -> bool:
        """Whether /readyz says so; False while the port is closed."""
        connection = HTTPConnection(LOOPBACK, self._http_port, timeout=_SECONDS_TO_ANSWER)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


def role_commands(addresses: Addresses) -> Iterator[RoleCommand]:
    """A transformer, an ingest worker and a server, in the order of the data."""
    kafka = {
        "--in-network-events-consumer-dest": addresses.kafka,
        "--tweet-events-topic": addresses.topic_raw,
        "--innetwork-post-topic": addresses.topic_refined,
        "--auto-offset-reset": "smallest",
        "--partition-assignment-strategy": ASSIGNMENT_STRATEGY,
    }
    redis = {"--redis-url": addresses.redis}
    grpc = {"--grpc-host": LOOPBACK, "--grpc-port": addresses.grpc.rpartition(":")[2]}
    http_port = int(addresses.http.rpartition(":")[2])
    yield _command("transform", {"--kafka-group-id": TRANSFORM_GROUP} | kafka, free_port())
    yield _command("ingest", {"--kafka-group-id": INGEST_GROUP} | kafka | redis | _FREQUENT, free_port())
    yield _command("serve", redis | grpc, http_port, "--reflection", "--follow-store", "--live-page")


def _command(name: str, flags: dict[str, str], http_port: int, *switches: str) -> RoleCommand:
    http = {"--http-host": LOOPBACK, "--http-port": str(http_port)}
    words = [word for flag in (flags | http).items() for word in flag]
    return RoleCommand(name, (name, *words, *switches), http_port)


def _environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """Drops settings of the shell, which are meant for other brokers."""
    return {name: value for name, value in inherited.items() if not name.startswith(_SETTING_PREFIXES)}
