"""A password of Kafka that is changed while a role runs: it reads and writes nothing more, says why, and ends."""

import pytest

from common.kafka.cluster import KafkaCluster
from common.kafka.connection import KafkaConnection
from common.kafka.topics import PartitionAddress
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.refined_topic import recent_posts
from tests.support.kafka.topic import KafkaTopic
from tests.support.processes.thunder import Role, Thunder
from tests.support.unused import unique
from tests.support.wait import eventually
from thunder.demo.synthetic.raw_tweets import encode_create

SECONDS_TO_A_CLEAR_ERROR = 15
PASSWORD, ANOTHER = "the-first-password", "the-second-password"


class Transformer:
    """`thunder transform` from a topic to another, with a user for each side."""

    def __init__(self, thunder: Thunder, kafka: KafkaBroker, reader: str, writer: str) -> None:
        self.sent = 0
        self._bootstrap = kafka.bootstrap
        self._refined = kafka.create_topic(unique("refined"))
        self.raw = KafkaTopic(kafka.bootstrap, kafka.create_topic(unique("raw")))
        self.role = self._start(thunder, kafka, reader, writer)
        self.role.wait_until_ready()

    def send(self) -> None:
        """A post more to the raw topic."""
        self.sent += 1
        self.raw.produce(encode_create(recent_posts(self.sent, self.sent)[0]))

    def send_until_it_complains(self, complaint: str) -> None:
        """It must do so soon: Kafka disconnects clients without a login."""

        def complains() -> bool:
            self.send()
            return complaint in self.role.output()

        eventually(complains, complaint, SECONDS_TO_A_CLEAR_ERROR, interval=0.2)

    @property
    def committed(self) -> int:
        return self.raw.commits.get(0, 0)

    @property
    def written(self) -> int:
        """Messages in the refined topic."""
        return len(list(KafkaCluster(KafkaConnection(self._bootstrap)).reader_of(PartitionAddress(self._refined, 0))))

    def _start(self, thunder: Thunder, kafka: KafkaBroker, reader: str, writer: str) -> Role:
        return thunder.start(
            *("transform", "--kafka-group-id", self.raw.group, "--tweet-events-topic", self.raw.name),
            *("--innetwork-post-topic", self._refined, "--in-network-events-consumer-dest", kafka.scram_bootstrap),
            *("--security-protocol", "SASL_PLAINTEXT", "--sasl-mechanism", "SCRAM-SHA-512"),
            env={
                "KAFKA_SASL_USER": reader,
                "KAFKA_SASL_PASSWORD": PASSWORD,
                "KAFKA_PRODUCER_SASL_USER": writer,
                "KAFKA_PRODUCER_SASL_PASSWORD": PASSWORD,
            },
        )


@pytest.mark.parametrize("side", ["reader", "writer"])
def test_a_worker_whose_password_is_revoked_ends_with_the_reason(
    thunder: Thunder, kafka: KafkaBroker, side: str
) -> None:
    users = {name: unique(name) for name in ("reader", "writer")}
    for user in users.values():
        kafka.set_password(user, PASSWORD)
    transformer = Transformer(thunder, kafka, **users)
    transformer.send()
    eventually(lambda: transformer.written == 1, "the first post is through")

    kafka.set_password(users[side], ANOTHER)
    transformer.send_until_it_complains(
        f"CRITICAL thunder: Kafka refused user '{users[side]}' with SASL mechanism SCRAM-SHA-512"
    )
    transformer.send()

    assert transformer.role.wait() == 3
    assert PASSWORD not in transformer.role.output()
    assert transformer.committed <= transformer.written < transformer.sent
