"""Reads from Kafka what the rules of topics check. Blocks, within a time limit."""

from collections.abc import Iterator, Sequence

from common.errors import ThunderError
from common.kafka.cluster import KafkaCluster
from common.kafka.connection import KafkaConnection
from thunder.doctor.finding import Finding, fail, ok
from thunder.doctor.kafka_rules import TopicState, WantedTopic, check_topic

_TIMEOUT_SECONDS = 5.0


def probe_kafka(connection: KafkaConnection, wanted: Sequence[WantedTopic]) -> Iterator[Finding]:
    """Findings about the brokers of a connection, and about the topics that the role reads or writes there."""
    try:
        cluster = KafkaCluster(connection)
        topics = cluster.wait_for_brokers(seconds=_TIMEOUT_SECONDS) or {}
    except ThunderError as error:
        yield fail(
            "Kafka", str(error), "check the brokers, security_protocol, the credentials, ssl_..., and the network"
        )
        return
    yield ok("Kafka", f"{connection.brokers} answers over {connection.protocol}")
    for topic in wanted:
        partitions = topics.get(topic.name)
        state = None if partitions is None else TopicState(partitions, cluster.configuration_of(topic.name))
        yield from check_topic(topic, state)
