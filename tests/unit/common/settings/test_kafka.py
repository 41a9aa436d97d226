from pydantic import SecretStr

from common.kafka.connection import SaslMechanism, SecurityProtocol
from tests.unit.common.settings.ingest_settings import ingest, refusal


def test_a_sasl_mechanism_implies_an_encrypted_login() -> None:
    settings = ingest(sasl_mechanism="SCRAM-SHA-512", kafka_sasl_user="u", kafka_sasl_password="p")
    assert settings.security_protocol is SecurityProtocol.SASL_SSL
    assert settings.consumer_connection.mechanism is SaslMechanism.SCRAM_SHA_512


def test_credentials_without_a_mechanism_are_left_alone() -> None:
    settings = ingest(kafka_sasl_user="u", kafka_sasl_password="p")
    assert settings.security_protocol is SecurityProtocol.PLAINTEXT
    assert settings.consumer_connection.user is None
    assert settings.consumer_connection.password is None


def test_the_producer_is_the_consumer_by_default() -> None:
    login = {"sasl_mechanism": "PLAIN", "kafka_sasl_user": "u", "kafka_sasl_password": "p"}
    same = ingest(in_network_events_consumer_dest="here:1", **login)
    assert same.producer_connection == same.consumer_connection
    other = ingest(
        in_network_events_producer_dest="there:1",
        producer_sasl_mechanism="SCRAM-SHA-256",
        producer_sasl_username="v",
        producer_sasl_password="q",
        **login,
    ).producer_connection
    assert (other.brokers, other.mechanism, other.user) == ("there:1", SaslMechanism.SCRAM_SHA_256, "v")
    assert other.password == SecretStr("q")


def test_incomplete_login_names_the_settings() -> None:
    assert refusal(sasl_mechanism="PLAIN", kafka_sasl_user="u") == (
        "SASL mechanism PLAIN needs user and password: set KAFKA_SASL_USER and KAFKA_SASL_PASSWORD"
    )
    assert refusal(
        sasl_mechanism="PLAIN", kafka_sasl_user="u", kafka_sasl_password="p", producer_sasl_username=""
    ).endswith("set KAFKA_PRODUCER_SASL_USER and KAFKA_PRODUCER_SASL_PASSWORD")
    assert refusal(security_protocol="SASL_SSL") == (
        "security_protocol SASL_SSL needs sasl_mechanism: one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER"
    )
    assert refusal(security_protocol="PLAINTEXT", sasl_mechanism="PLAIN") == (
        "sasl_mechanism PLAIN needs security_protocol SASL_SSL or SASL_PLAINTEXT, not PLAINTEXT"
    )
