"""The three roles of the demo, with flags that suit the embedded servers."""

from collections.abc import Iterator
from typing import NamedTuple

from thunder.embedded.child import LOOPBACK, free_port
from thunder.embedded.kafka_cluster import ASSIGNMENT_STRATEGY
from thunder.embedded.role_process import RoleCommand, role_command


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

_FREQUENT = {"--lag-monitor-interval-secs": "2"}
"""Lag and size of the store change while one looks."""


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
    yield role_command("transform", {"--kafka-group-id": TRANSFORM_GROUP} | kafka, free_port())
    yield role_command("ingest", {"--kafka-group-id": INGEST_GROUP} | kafka | redis | _FREQUENT, free_port())
    yield role_command("serve", redis | grpc, http_port, "--reflection", "--follow-store", "--live-page")
