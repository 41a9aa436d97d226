"""A real Apache Kafka of three brokers, whose clients come through links that a test can disturb."""

import shutil
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from string import Template
from typing import Any, cast

from confluent_kafka import Consumer, KafkaException, TopicPartition, admin
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.support.kafka.broker import java_command
from tests.support.network.proxy import Link, Network
from tests.support.processes.child import Child
from tests.support.programs.installed import Progress, Unavailable, program
from tests.support.unused import free_port
from tests.support.wait import eventually

BROKERS = 3
_admin = cast("Any", admin)  # hardly typed
_TEMPLATE = Path(__file__).with_name("cluster.properties")


class ClusterBroker:
    """One broker, a controller too. address: HOST:PORT past its link. link: the way of the clients to it."""

    def __init__(self, number: int, kafka: list[str], directory: Path, network: Network) -> None:
        self.number = number
        self.controller_port = free_port()
        direct_port, self._clients_port = free_port(), free_port()
        self.address = f"127.0.0.1:{direct_port}"
        self.link: Link = network.link(self._clients_port)
        self.directory = directory
        self.properties = directory / "broker.properties"
        self.ports = {
            "direct_port": direct_port,
            "clients_port": self._clients_port,
            "controller_port": self.controller_port,
            "link_port": self.link.port,
        }
        self._kafka = kafka
        self.child: Child | None = None

    def start(self) -> None:
        """Start it; `wait_until_started` returns when it serves."""
        self.child = Child([*self._kafka, "kafka.Kafka", self.properties], self.directory / "broker.log")

    def wait_until_started(self) -> None:
        assert self.child
        self.child.wait_for_output("Kafka Server started", timeout=120)

    def kill(self) -> int | None:
        """Kill it at once (SIGKILL); its exit code."""
        assert self.child
        self.child.kill()
        return self.child.exit_code


class KafkaCluster:
    """Three brokers that hold a copy of each message each; two of them are enough.

    bootstrap: addresses for the clients of the product. direct: addresses past the links, for the tests themselves.
    """

    def __init__(self, libraries: Path, directory: Path, network: Network, progress: Progress) -> None:
        """Start it with its files below directory. Raises Unavailable without Java."""
        self._kafka = java_command(program("java", "default-jre-headless", progress), libraries)
        self._cluster_id = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        self.brokers = [
            ClusterBroker(number, self._kafka, directory / str(number), network) for number in range(1, BROKERS + 1)
        ]
        self.bootstrap = ",".join(f"127.0.0.1:{broker.link.port}" for broker in self.brokers)
        self.direct = ",".join(broker.address for broker in self.brokers)
        for broker in self.brokers:
            self._configure(broker)
        self._format()
        for broker in self.brokers:
            broker.start()
        for broker in self.brokers:
            broker.wait_until_started()
        self.admin = AdminClient({"bootstrap.servers": self.direct, "log_level": 0})

    def create_topic(self, name: str, partitions: int, options: Mapping[str, str] | None = None) -> str:
        """Create a topic with three copies, wait until it has leaders, return its name."""
        topic = NewTopic(name, partitions, BROKERS, config=dict(options or {}))
        self.admin.create_topics([topic])[name].result(30)
        eventually(lambda: self._has_leaders(name, partitions), f"leaders for the {partitions} partitions of {name}")
        return name

    def leaders(self, topic: str) -> dict[int, int]:
        """Number of the broker that leads each partition; -1 where there is none."""
        partitions = self.admin.list_topics(topic, timeout=10).topics[topic].partitions
        return {number: partition.leader for number, partition in partitions.items()}

    def copies(self, topic: str) -> int:
        """Copies in step of the partition that has fewest."""
        partitions = self.admin.list_topics(topic, timeout=10).topics[topic].partitions.values()
        return min(len(partition.isrs) for partition in partitions)

    def coordinator(self, group: str) -> int:
        """Number of the broker that coordinates a consumer group: it leads the partition that keeps its commits.

        Not asked of the group: librdkafka's admin client aborts the process when brokers vanish under its requests.
        """
        leaders = self.leaders("__consumer_offsets")
        return leaders[_java_hash(group) % len(leaders)]

    def members(self, group: str) -> int:
        """Number of the members of a consumer group, while all brokers are up.

        A client that has seen a broker vanish may wait for it for minutes, so that each attempt has one of its own.
        """

        def counted() -> int | None:
            client = cast("Any", AdminClient({"bootstrap.servers": self.direct, "log_level": 0}))
            with suppress(KafkaException, TimeoutError):
                return len(client.describe_consumer_groups([group], request_timeout=10)[group].result(15).members)
            return None

        return eventually(counted, f"the members of {group}", 90, interval=0.2)

    def ends(self, topic: str) -> dict[int, int]:
        """Offset after the last message of each partition."""
        consumer = Consumer({"bootstrap.servers": self.direct, "group.id": "ends", "log_level": 0})

        def ends() -> dict[int, int]:
            with suppress(KafkaException):
                partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
                places = [TopicPartition(topic, number) for number in partitions]
                return {place.partition: consumer.get_watermark_offsets(place, timeout=10)[1] for place in places}
            return {}

        try:
            return eventually(ends, f"the ends of {topic}", 90, interval=0.2)
        finally:
            consumer.close()

    def delete_records(self, topic: str, partition: int, offset: int) -> int:
        """Let Kafka forget the messages before this one; the offset of the first that it still holds."""
        asked = TopicPartition(topic, partition, offset)
        return int(cast("Any", self.admin).delete_records([asked])[asked].result(30).low_watermark)

    def set_option(self, topic: str, name: str, value: str) -> None:
        """Change an option of a topic, such as min.insync.replicas."""
        entry = _admin.ConfigEntry(name, value, incremental_operation=_admin.AlterConfigOpType.SET)
        resource = _admin.ConfigResource(_admin.ResourceType.TOPIC, topic, incremental_configs=[entry])
        for answer in cast("Any", self.admin).incremental_alter_configs([resource]).values():
            answer.result(30)

    def broker(self, number: int) -> ClusterBroker:
        return self.brokers[number - 1]

    def wait_until_whole(self, topic: str, timeout: float = 60.0) -> None:
        """Until every copy of the topic's partitions is in step."""

        def whole() -> bool:
            partitions = self.admin.list_topics(topic, timeout=10).topics[topic].partitions.values()
            return all(len(partition.isrs) == BROKERS and partition.leader > 0 for partition in partitions)

        eventually(whole, f"three copies of {topic} in step", timeout, interval=0.2)

    def close(self) -> None:
        """Kill every broker."""
        for broker in self.brokers:
            if broker.child is not None:
                broker.kill()

    def _has_leaders(self, name: str, partitions: int) -> bool:
        leaders = self.leaders(name)
        return len(leaders) == partitions and all(leader > 0 for leader in leaders.values())

    def _configure(self, broker: ClusterBroker) -> None:
        broker.directory.mkdir(parents=True)
        voters = ",".join(f"{each.number}@127.0.0.1:{each.controller_port}" for each in self.brokers)
        facts = {"node_id": broker.number, "data": broker.directory / "data", "voters": voters}
        broker.properties.write_text(Template(_TEMPLATE.read_text()).substitute(facts | broker.ports))

    def _format(self) -> None:
        """Format the storage of the first broker, and give the others the same with a name of their own."""
        first = self.brokers[0]
        command = [*self._kafka, "kafka.tools.StorageTool", "format", f"--cluster-id={self._cluster_id}"]
        command += ["--config", str(first.properties)]
        formatted = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if formatted.returncode != 0:
            raise Unavailable(f"formatting the storage of Kafka failed:\n{formatted.stdout[-2000:]}")
        for other in self.brokers[1:]:
            shutil.copytree(first.directory / "data", other.directory / "data")
            meta = other.directory / "data" / "meta.properties"
            lines = [line for line in meta.read_text().splitlines() if not line.startswith(("node.id", "directory.id"))]
            directory_id = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            meta.write_text("\n".join([*lines, f"node.id={other.number}", f"directory.id={directory_id}", ""]))


def _java_hash(text: str) -> int:
    """Absolute value of the hash code of a Java string."""
    value = 0
    for character in text:
        value = (31 * value + ord(character)) & 0xFFFFFFFF
    return abs(value - (1 << 32) if value >> 31 else value)
