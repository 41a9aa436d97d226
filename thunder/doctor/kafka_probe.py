"""Asks Kafka for what the doctor judges. Blocks, bounded."""

from collections.abc import Iterator, Sequence

from common.errors import ThunderError
from common.kafka.cluster import KafkaCluster
from common.kafka.connection import KafkaConnection
from thunder.doctor.finding import Finding, fail, ok
from thunder.doctor.kafka_rules import TopicFacts, WantedTopic, check_topic

_PATIENCE_SECONDS = 5.0


def probe_kafka(access: KafkaConnection, wanted: Sequence[WantedTopic]) -> Iterator[Finding]:
    """The brokers of one access, and the topics that are read or written there."""
    try:
        cluster = KafkaCluster(access)
        topics = cluster.wait_for_brokers(seconds=_PATIENCE_SECONDS) or {}
    except ThunderError as error:
        yield fail(
            "Kafka", str(error), "see the brokers, security_protocol, the login, ssl_..., and the network between"
        )
        return
    yield ok("Kafka", f"{access.brokers} answers over {access.protocol}")
    for topic in wanted:
        partitions = topics.get(topic.name)
        known = None if partitions is None else TopicFacts(partitions, cluster.configuration_of(topic.name))
        yield from check_topic(topic, known)
