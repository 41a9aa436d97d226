"""An embedded Kafka: the mock cluster of librdkafka, which runs inside this process.

Its limits: the `range` assignor and one member per group; topics are created by use and have PARTITIONS partitions; a
partition keeps about 3 MB and then drops its oldest messages silently, so a producer must not run far ahead of its
consumers.
"""

from confluent_kafka import KafkaException, Producer

from common.errors import KafkaUnavailable

PARTITIONS = 4
ASSIGNMENT_STRATEGY = "range"

_SECONDS_TO_ANSWER = 10.0


class EmbeddedKafka:
    """A running one-broker cluster at `bootstrap_servers`, gone when stopped or with this process."""

    def __init__(self) -> None:
        """Starts it; ready at once. Raises KafkaUnavailable."""
        self._owner = Producer({"test.mock.num.brokers": 1, "log_level": 0})
        try:
            brokers = self._owner.list_topics(timeout=_SECONDS_TO_ANSWER).brokers.values()
        except KafkaException as error:
            raise KafkaUnavailable(f"the embedded broker does not answer: {error}") from error
        self.bootstrap_servers = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)

    def create_topic(self, name: str) -> None:
        """Creates a topic, by asking for it. Raises KafkaUnavailable."""
        try:
            self._owner.list_topics(name, timeout=_SECONDS_TO_ANSWER)
        except KafkaException as error:
            raise KafkaUnavailable(f"the embedded broker has not created {name}: {error}") from error

    def stop(self) -> None:
        """Stops the cluster; what it held is gone."""
        self._owner.close()
