"""Logging in to a broker with its own authentication: what works, and how a refusal shows."""

import time

import pytest

from tests.support.kafka.broker import SASL_PASSWORD, SASL_USER, KafkaBroker
from tests.support.processes.thunder import Role, Thunder
from tests.support.unused import unique

SECONDS_TO_A_CLEAR_ERROR = 15
WRONG_PASSWORD = "not-the-password"


def start(
    thunder: Thunder, command: str, bootstrap: str, mechanism: str, *flags: str, password: str = SASL_PASSWORD
) -> Role:
    login = {"KAFKA_SASL_USER": SASL_USER, "KAFKA_SASL_PASSWORD": password}
    return thunder.start(
        *(command, "--kafka-group-id", unique("group"), "--in-network-events-consumer-dest", bootstrap),
        *("--security-protocol", "SASL_PLAINTEXT", "--sasl-mechanism", mechanism, *flags),
        env=login,
    )


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_each_mechanism_logs_in(thunder: Thunder, kafka: KafkaBroker, mechanism: str) -> None:
    raw, refined = kafka.create_topic(unique("raw")), kafka.create_topic(unique("refined"))
    topics = ["--tweet-events-topic", raw, "--innetwork-post-topic", refined]
    role = start(thunder, "transform", kafka.sasl_bootstrap, mechanism, *topics)
    role.wait_until_ready()
    assert role.terminate() == 0


def refused(role: Role, mechanism: str, bootstrap: str) -> str:
    """The complaint of a role that Kafka refuses, which must come soon and be clear."""
    started = time.monotonic()
    assert role.wait() == 3
    assert time.monotonic() - started < SECONDS_TO_A_CLEAR_ERROR
    complaint = role.output().splitlines()[-1]
    assert f"Kafka refused user '{SASL_USER}' with SASL mechanism {mechanism}" in complaint
    assert bootstrap in complaint
    assert SASL_PASSWORD not in role.output()
    assert WRONG_PASSWORD not in role.output()
    return complaint


@pytest.mark.parametrize("command", ["transform", "ingest"])
def test_a_wrong_mechanism_ends_in_a_clear_error(
    thunder: Thunder, kafka: KafkaBroker, redis_url: str, command: str
) -> None:
    flags = ["--redis-url", redis_url] if command == "ingest" else []
    role = start(thunder, command, kafka.scram_bootstrap, "PLAIN", *flags)
    assert "SCRAM-SHA-512" in refused(role, "PLAIN", kafka.scram_bootstrap), "it says what the broker does offer"


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_a_wrong_password_ends_in_a_clear_error(thunder: Thunder, kafka: KafkaBroker, mechanism: str) -> None:
    role = start(thunder, "transform", kafka.sasl_bootstrap, mechanism, password=WRONG_PASSWORD)
    refused(role, mechanism, kafka.sasl_bootstrap)


def test_a_wrong_password_of_the_producer_ends_in_a_clear_error(thunder: Thunder, kafka: KafkaBroker) -> None:
    raw = kafka.create_topic(unique("raw"))
    role = thunder.start(
        *("transform", "--kafka-group-id", unique("group"), "--tweet-events-topic", raw),
        *("--in-network-events-consumer-dest", kafka.sasl_bootstrap, "--security-protocol", "SASL_PLAINTEXT"),
        *("--sasl-mechanism", "PLAIN"),
        env={
            "KAFKA_SASL_USER": SASL_USER,
            "KAFKA_SASL_PASSWORD": SASL_PASSWORD,
            "KAFKA_PRODUCER_SASL_USER": SASL_USER,
            "KAFKA_PRODUCER_SASL_PASSWORD": WRONG_PASSWORD,
        },
    )
    refused(role, "PLAIN", kafka.sasl_bootstrap)


def test_a_client_without_a_login_says_what_it_waits_for(thunder: Thunder, kafka: KafkaBroker) -> None:
    role = thunder.start(
        *("transform", "--kafka-group-id", unique("group"), "--in-network-events-consumer-dest", kafka.sasl_bootstrap)
    )
    role.wait_for_output(f"Waiting for Kafka topic tweet_events at {kafka.sasl_bootstrap}: ")
    assert role.terminate() == 0


def test_untrusted_broker_certificate_is_refused(thunder: Thunder, kafka: KafkaBroker) -> None:
    role = thunder.start(
        *("transform", "--kafka-group-id", unique("group"), "--in-network-events-consumer-dest"),
        *(kafka.sasl_ssl_bootstrap, "--sasl-mechanism", "PLAIN"),
        env={"KAFKA_SASL_USER": SASL_USER, "KAFKA_SASL_PASSWORD": SASL_PASSWORD},
    )
    assert "certificate" in refused(role, "PLAIN", kafka.sasl_ssl_bootstrap)
