import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from pydantic import SecretStr

from common.kafka.configuration import (
    connection_configuration,
    consumer_configuration,
    lookup_configuration,
    producer_configuration,
    reader_configuration,
)
from common.kafka.properties import REFUSED, parse_properties, split_entries
from common.settings.ingest import IngestSettings

TUNING = frozenset(
    {
        *("client.id", "socket.keepalive.enable", "session.timeout.ms", "heartbeat.interval.ms", "linger.ms"),
        *("max.poll.interval.ms", "fetch.max.bytes", "receive.message.max.bytes", "batch.size"),
    }
)
"""What the product sets and an operator may set otherwise."""


def ignore(_: object) -> None:
    pass


def settings_with(*entries: str) -> IngestSettings:
    return IngestSettings.model_validate(
        {
            "kafka_group_id": "posts",
            "kafka_group_instance_id": "pod",
            "sasl_mechanism": "PLAIN",
            "kafka_sasl_user": "alice",
            "kafka_sasl_password": "secret",
            "ssl_ca_location": "/ca",
            "ssl_certificate_location": "/certificate",
            "ssl_key_location": "/key",
            "kafka_property": entries,
        }
    )


def every_configuration(settings: IngestSettings) -> list[dict[str, object]]:
    reading, writing = settings.consumer_connection, settings.producer_connection
    return [
        connection_configuration(reading, ignore),
        consumer_configuration(settings, 0, ignore),
        lookup_configuration(settings, ignore),
        reader_configuration(reading, ignore),
        producer_configuration(writing, 10, ignore),
    ]


def test_each_name_that_the_product_sets_is_refused_or_tuning() -> None:
    written = {name for configuration in every_configuration(settings_with()) for name in configuration}
    assert written - REFUSED.keys() == TUNING


def test_every_client_gets_the_property_in_place_of_the_products() -> None:
    for configuration in every_configuration(settings_with("client.id=feed", "session.timeout.ms=30000")):
        assert (configuration["client.id"], configuration["session.timeout.ms"]) == ("feed", "30000")


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_refusal_has_its_reason(name: str) -> None:
    with pytest.raises(ValueError, match=f"must not set {name}: ") as refused:
        settings_with(f"{name}=do-not-show")
    assert "do-not-show" not in str(refused.value)


@pytest.mark.parametrize("name", sorted(name for name in REFUSED if "." in name))
def test_refused_names_are_known_to_librdkafka(name: str) -> None:
    assert "No such configuration property" not in complaint_of(name)


def complaint_of(name: str) -> str:
    """What librdkafka says to a value that hardly any property takes."""
    try:
        AdminClient({name: "no-such-value"})
    except KafkaException as error:
        return str(error)
    return ""


def test_the_last_value_of_a_name_counts() -> None:
    assert parse_properties([SecretStr("a=1"), SecretStr(" a = 2=3 ")]) == (("a", SecretStr("2=3")),)


@pytest.mark.parametrize("entry", ["do-not-show", "=do-not-show"])
def test_an_entry_that_is_no_property_is_not_quoted(entry: str) -> None:
    with pytest.raises(ValueError, match="entry 1 is not name=value") as refused:
        parse_properties([SecretStr(entry)])
    assert "do-not-show" not in str(refused.value)


def test_a_text_has_an_entry_a_line_or_semicolons() -> None:
    assert split_entries("# comment\na=1; b=x,y=z\n\nc=3\n") == ["a=1", "b=x,y=z", "c=3"]
    assert split_entries(["a=1;2"]) == ["a=1;2"], "a list is taken as it is"
