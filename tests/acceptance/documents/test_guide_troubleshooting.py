"""The guide's troubleshooting: lag, authentication, missing data, messages that cannot be parsed."""

import time
from pathlib import Path

import pytest

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from common.post import LightPost
from tests.acceptance.documents.guide import INGESTION_MODE, SERVING_MODE, start_ingestion, start_serving
from tests.support.kafka.broker import SASL_USER, KafkaBroker
from tests.support.kafka.refined_topic import produce_events, recent_posts
from tests.support.kafka.topic import KafkaTopic, read_topic
from tests.support.network.certificates import Authority
from tests.support.processes.thunder import Role, Thunder
from tests.support.programs.installed import Progress
from tests.support.unused import unique
from tests.support.wait import eventually
from thunder.demo.synthetic.raw_tweets import encode_create

AUTHOR = 7
WRONG_PASSWORD = "not-the-password"
SECONDS_TO_A_CLEAR_ERROR = 15
REFUSED = 3


@pytest.fixture
def raw(kafka: KafkaBroker) -> KafkaTopic:
    return KafkaTopic(kafka.bootstrap, kafka.create_topic(unique("tweet_events"), partitions=6))


@pytest.fixture
def topics(kafka: KafkaBroker, raw: KafkaTopic) -> dict[str, str]:
    """Variables that name two topics of the test's own."""
    refined = kafka.create_topic(unique("innetwork_post"))
    return {"THUNDER_TWEET_EVENTS_TOPIC": raw.name, "THUNDER_INNETWORK_POST_TOPIC": refined}


def test_threads_split_the_partitions(thunder: Thunder, kafka: KafkaBroker, topics: dict[str, str]) -> None:
    group = unique("thunder-processor")
    brokers = {"KAFKA_BROKERS": kafka.bootstrap}
    thunder.start("--kafka-group-id", group, "--kafka-num-threads", "3", env=topics | brokers)
    eventually(lambda: [*map(len, kafka.shares(group))] == [2, 2, 2], "three consumers with two partitions each")
    assert set().union(*kafka.shares(group)) == {0, 1, 2, 3, 4, 5}


def with_mechanism(mechanism: str) -> str:
    """The guide's command line with another mechanism, in a group of its own."""
    return INGESTION_MODE.replace("thunder-processor", unique("thunder-processor")).replace("PLAIN", mechanism)


def complaint(role: Role) -> str:
    """The last line of a role that Kafka refuses."""
    assert role.wait(SECONDS_TO_A_CLEAR_ERROR) == REFUSED
    assert WRONG_PASSWORD not in role.output()
    return role.last_lines(1)


def test_another_mechanism_of_the_brokers_is_let_in(
    thunder: Thunder, kafka: KafkaBroker, topics: dict[str, str]
) -> None:
    start_ingestion(thunder, kafka, with_mechanism("SCRAM-SHA-512"), **topics).wait_until_ready()


def test_unsupported_sasl_mechanism_is_a_clear_error(thunder: Thunder, kafka: KafkaBroker) -> None:
    error = complaint(start_ingestion(thunder, kafka, with_mechanism("SCRAM-SHA-256")))
    assert f"Kafka refused user '{SASL_USER}' with SASL mechanism SCRAM-SHA-256 over SASL_SSL" in error
    assert "SCRAM-SHA-512" in error, "it says what the broker does offer"


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_a_wrong_password_ends_in_a_clear_error(thunder: Thunder, kafka: KafkaBroker, mechanism: str) -> None:
    error = complaint(start_ingestion(thunder, kafka, with_mechanism(mechanism), KAFKA_SASL_PASSWORD=WRONG_PASSWORD))
    assert f"Kafka refused user '{SASL_USER}' with SASL mechanism {mechanism} over SASL_SSL" in error
    assert "Authentication failed" in error


def test_a_wrong_password_of_the_producer_ends_in_a_clear_error(
    thunder: Thunder, kafka: KafkaBroker, topics: dict[str, str]
) -> None:
    writer = {"KAFKA_PRODUCER_SASL_USER": "writer", "KAFKA_PRODUCER_SASL_PASSWORD": WRONG_PASSWORD}
    error = complaint(start_ingestion(thunder, kafka, **topics, **writer))
    assert "Kafka refused user 'writer' with SASL mechanism PLAIN over SASL_SSL" in error


def test_untrusted_broker_certificate_is_a_clear_error(
    thunder: Thunder, kafka: KafkaBroker, tmp_path: Path, progress: Progress
) -> None:
    stranger = Authority(tmp_path, progress).ca
    error = complaint(start_ingestion(thunder, kafka, THUNDER_SSL_CA_LOCATION=str(stranger)))
    assert "certificate verify failed" in error
    assert "ssl.ca.location" in error


def test_a_new_instance_without_smallest_serves_only_what_is_new(
    thunder: Thunder, kafka: KafkaBroker, topics: dict[str, str], redis_url: str
) -> None:
    refined = topics["THUNDER_INNETWORK_POST_TOPIC"]
    produce_events(kafka.bootstrap, refined, recent_posts(1, 3, AUTHOR))
    command = SERVING_MODE.replace("--auto-offset-reset smallest", "").replace("--grpc-port 50051", "")
    command = command.replace("thunder-serving", unique("thunder-serving"))
    role = start_serving(thunder, kafka, command, THUNDER_REDIS_URL=redis_url, **topics)
    role.wait_until_ready()
    produce_events(kafka.bootstrap, refined, recent_posts(4, 5, AUTHOR))
    request = GetInNetworkPostsRequest(following_user_ids=[AUTHOR])
    eventually(lambda: {post.post_id for post in role.ask(request).posts} == {4, 5}, "the two new posts alone")


def test_unparsable_message_is_logged_counted_and_skipped(
    thunder: Thunder, kafka: KafkaBroker, raw: KafkaTopic, topics: dict[str, str]
) -> None:
    role = start_ingestion(thunder, kafka, with_mechanism("PLAIN"), **topics)
    role.wait_until_ready()
    assert role.metrics().value("kafka_messages_failed_parse_total") == 0
    assert role.metrics().value("batch_processing_time_count") == 0
    raw.produce(b"{}", encode_create(LightPost(1, AUTHOR, int(time.time()))))
    refined = topics["THUNDER_INNETWORK_POST_TOPIC"]
    (message,) = read_topic(kafka.bootstrap, refined, lambda messages: len(messages) >= 1)
    assert message.key() == b"1"
    role.wait_for_output(f"Failed to parse Kafka message: topic {raw.name} partition 0 offset 0")
    eventually(lambda: role.metrics().value("kafka_messages_failed_parse_total") == 1, "the message to be counted")
    assert role.metrics().value("batch_processing_time_count") > 0
