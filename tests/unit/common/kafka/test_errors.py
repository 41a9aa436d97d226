import pytest
from confluent_kafka import Consumer, KafkaError
from pydantic import SecretStr

from common.errors import ConfigurationError, KafkaRefused
from common.kafka.connection import KafkaConnection, SaslMechanism, SecurityProtocol
from common.kafka.errors import RefusalWatch, client_configuration

CONNECTION = KafkaConnection(
    "broker:9092",
    SecurityProtocol.SASL_SSL,
    SaslMechanism.PLAIN,
    "alice",
    SecretStr("do-not-show"),
    None,
    None,
    None,
)
FATAL, REFUSED, ALL_DOWN, UNREACHABLE = -150, -169, -187, -195


def test_a_refusal_names_who_asked_whom_and_how_but_no_password() -> None:
    watch = RefusalWatch(CONNECTION)
    watch.on_error(KafkaError(REFUSED, "Invalid username or password"))
    with pytest.raises(KafkaRefused) as refused:
        watch.raise_if_refused()
    assert str(refused.value) == (
        "Kafka refused user 'alice' with SASL mechanism PLAIN over SASL_SSL at broker:9092: "
        "Invalid username or password"
    )


def test_a_token_that_is_not_given_now_may_be_given_later() -> None:
    watch = RefusalWatch(CONNECTION)
    watch.on_error(KafkaError(REFUSED, "Failed to acquire SASL OAUTHBEARER token: 503"))
    watch.raise_if_refused()
    assert "503" in watch.latest


@pytest.mark.parametrize(
    "code",
    [
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.UNSUPPORTED_SASL_MECHANISM,
    ],
)
def test_missing_rights_are_a_refusal(code: int) -> None:
    watch = RefusalWatch(CONNECTION)
    watch.on_error(KafkaError(code))
    with pytest.raises(KafkaRefused):
        watch.raise_if_refused()


def test_a_fatal_error_is_a_refusal() -> None:
    watch = RefusalWatch(CONNECTION)
    watch.on_error(KafkaError(FATAL, "fenced by another one"))
    with pytest.raises(KafkaRefused, match="fenced by another one"):
        watch.raise_if_refused()


def test_brokers_that_cannot_be_reached_have_not_refused(caplog: pytest.LogCaptureFixture) -> None:
    watch = RefusalWatch(CONNECTION)
    for _ in range(100):
        watch.on_error(KafkaError(UNREACHABLE, "Connection refused"))
        watch.on_error(KafkaError(ALL_DOWN, "1/1 brokers are down"))
    watch.raise_if_refused()
    assert watch.latest == "Connection refused"
    assert [record.getMessage() for record in caplog.records] == ["Kafka: Connection refused"]


def test_invalid_client_settings_are_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match=r"partition\.assignment\.strategy"), client_configuration(CONNECTION):
        Consumer({"group.id": "g", "partition.assignment.strategy": "no-such"})


@pytest.mark.parametrize(
    "alert", ["bad certificate: SSL alert number 42", "certificate required: SSL alert number 116"]
)
def test_rejected_client_certificate_is_a_refusal(alert: str) -> None:
    watch = RefusalWatch(CONNECTION)
    watch.on_error(KafkaError(UNREACHABLE, f"ssl://broker:9092/1: Receive failed: ssl/tls alert {alert} (after 2ms)"))
    with pytest.raises(KafkaRefused, match=r"set --ssl-certificate-location and --ssl-key-location\.$"):
        watch.raise_if_refused()


def test_other_alerts_may_pass() -> None:
    watch = RefusalWatch(CONNECTION)
    watch.on_error(KafkaError(UNREACHABLE, "ssl://broker:9092/1: ssl/tls alert internal error: SSL alert number 80"))
    watch.raise_if_refused()
