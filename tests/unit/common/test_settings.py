"""What each role needs, what it gets when nothing is said, and what it refuses."""

import pytest
from pydantic import SecretStr, ValidationError

from common.kafka.connection import KafkaConnection, SaslMechanism, SecurityProtocol
from common.settings.combined import CombinedSettings, ModeSettings
from common.settings.ingest import IngestSettings, TransformSettings
from common.settings.schema import settings_of
from common.settings.serve import ServeSettings
from common.settings.types import Settings

READERS = (TransformSettings, IngestSettings, CombinedSettings)
MEBIBYTE = 1024 * 1024
TLS = {"grpc_tls_certificate": "server.crt", "grpc_tls_key": "server.key", "grpc_tls_client_ca": "ca.crt"}

PROMISED = """
--kafka-group-id --auto-offset-reset --fetch-timeout-ms --kafka-num-threads --is-serving --ssl-ca-location
--ssl-certificate-location --ssl-key-location --grpc-port --http-port --in-network-events-consumer-dest
--in-network-events-producer-dest --sasl-mechanism --security-protocol --kafka-batch-size
--post-retention-seconds --request-timeout-ms --max-concurrent-requests --qps-limit --skip-to-latest
--lag-monitor-interval-secs --producer-sasl-mechanism --producer-sasl-username --producer-sasl-password
--tweet-events-num-partitions --kafka-tweet-events-v2-num-partitions --max-partition-fetch-bytes --redis-url
--batch-linger-ms --kafka-group-instance-id
"""


def ingest(**given: object) -> IngestSettings:
    return IngestSettings.model_validate({"kafka_group_id": "g"} | given)


def refusal(**given: object) -> str:
    with pytest.raises(ValidationError) as caught:
        ingest(**given)
    return caught.value.errors()[0]["msg"].removeprefix("Value error, ")


@pytest.mark.parametrize("role", READERS)
def test_roles_that_read_kafka_need_a_group_and_nothing_else(role: type[IngestSettings]) -> None:
    assert role(kafka_group_id="g").in_network_events_consumer_dest == "localhost:9092"
    with pytest.raises(ValidationError, match="kafka_group_id"):
        role.model_validate({})


def test_serving_needs_nothing_and_has_no_kafka() -> None:
    settings = ServeSettings()
    assert settings.grpc_port == 50051
    assert not hasattr(settings, "kafka_group_id")


def test_defaults_are_those_of_the_guide() -> None:
    settings = CombinedSettings(kafka_group_id="g")
    assert settings.auto_offset_reset == "largest"
    assert settings.fetch_timeout_ms == 1000
    assert settings.kafka_num_threads == 1
    assert settings.grpc_port == 50051
    assert settings.http_port == 8080
    assert settings.kafka_batch_size == 1000
    assert settings.post_retention_seconds == 172_800
    assert settings.request_timeout_ms == 0
    assert settings.max_concurrent_requests == 100
    assert settings.lag_monitor_interval_secs == 30
    assert settings.consumer_connection == KafkaConnection(
        "localhost:9092", SecurityProtocol.PLAINTEXT, None, None, None, None, None, None
    )


def test_a_fetch_is_larger_from_the_refined_topic() -> None:
    assert TransformSettings(kafka_group_id="g").max_partition_fetch_bytes == 10 * MEBIBYTE
    assert ingest(events="raw").max_partition_fetch_bytes == 10 * MEBIBYTE
    assert ingest().max_partition_fetch_bytes == 100 * MEBIBYTE
    assert ingest(max_partition_fetch_bytes=7).max_partition_fetch_bytes == 7


def test_each_role_knows_the_topic_behind_the_store() -> None:
    assert TransformSettings(kafka_group_id="g", tweet_events_topic="t").source_topic == "t"
    assert ingest(innetwork_post_topic="r").source_topic == "r"
    assert ingest(events="follows", follows_topic="f").source_topic == "f"


def test_a_combined_process_cannot_ingest_follows() -> None:
    with pytest.raises(ValidationError, match="must be refined or raw: run thunder ingest to read follows"):
        CombinedSettings.model_validate({"kafka_group_id": "g", "events": "follows"})


def test_a_sasl_mechanism_implies_an_encrypted_login() -> None:
    settings = ingest(sasl_mechanism="SCRAM-SHA-512", kafka_sasl_user="u", kafka_sasl_password="p")
    assert settings.security_protocol is SecurityProtocol.SASL_SSL
    assert settings.consumer_connection.mechanism is SaslMechanism.SCRAM_SHA_512


def test_credentials_without_a_mechanism_are_left_alone() -> None:
    settings = ingest(kafka_sasl_user="u", kafka_sasl_password="p")
    assert settings.security_protocol is SecurityProtocol.PLAINTEXT
    assert settings.consumer_connection.user is None
    assert settings.consumer_connection.password is None


def test_the_producer_is_the_consumer_unless_told_otherwise() -> None:
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
        "security_protocol SASL_SSL needs sasl_mechanism: one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"
    )
    assert refusal(security_protocol="PLAINTEXT", sasl_mechanism="PLAIN") == (
        "sasl_mechanism PLAIN needs security_protocol SASL_SSL or SASL_PLAINTEXT, not PLAINTEXT"
    )


@pytest.mark.parametrize(
    "given",
    [
        {"http_port": 65_536},
        {"http_port": -1},
        {"kafka_num_threads": 0},
        {"poison_window_share": 1.5},
        {"author_buckets": 20_000},
        {"auto_offset_reset": "beginning"},
        {"redis_url": "localhost:6379"},
        {"kafka_group_id": ""},
        {"kafka_grup_id": "g"},
    ],
)
def test_values_out_of_range_are_refused(given: dict[str, object]) -> None:
    assert refusal(**given)


@pytest.mark.parametrize(
    "url",
    [
        *(f"redis://:{password}@host:6379" for password in ("x/y", "x#y", "x?y", "12/34", "12?34", "12#34")),
        "redis://host:port",
        "redis://[::1",
        "redis://",
    ],
)
def test_malformed_redis_url_is_never_quoted(url: str) -> None:
    assert refusal(redis_url=url) == (
        "must name a host, and a port in digits; / ? # @ : of a password are written %2F and so on"
    )


def test_redis_passwords_may_be_percent_encoded() -> None:
    url = "redis://user:a%2Fb%23c%3Fd%40e@[::1]:6379/0?socket_timeout=1"
    assert ServeSettings.model_validate({"redis_url": url}).redis_address == url


def test_a_default_above_the_bound_on_results_is_refused() -> None:
    with pytest.raises(ValidationError, match="default_max_videos must be at most max_results_limit"):
        ServeSettings(default_max_results=10, max_results_limit=100)


@pytest.mark.parametrize(
    "given",
    [
        {"grpc_tls_certificate": "server.crt"},
        {"grpc_tls_key": "server.key"},
        {"grpc_tls_client_ca": "ca.crt"},
        {"redis_url": "rediss://localhost", "redis_tls_key": "client.key"},
        {"redis_url": "redis://localhost", "redis_tls_ca": "ca.crt"},
        {"grpc_tls_certificate": "a", "grpc_tls_key": "b", "grpc_allowed_identities": "feed"},
        {**TLS, "grpc_allowed_identities": " , "},
    ],
)
def test_tls_that_would_not_protect_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=r"need"):
        ServeSettings.model_validate(given)


@pytest.mark.parametrize("name", [*TLS, "grpc_allowed_identities", "grpc_tokens_file"])
def test_a_protection_that_is_empty_is_refused_not_left_off(name: str) -> None:
    with pytest.raises(ValidationError, match=rf"{name}\n.*at least 1 character"):
        ServeSettings.model_validate({**TLS, "grpc_allowed_identities": "feed", "grpc_tokens_file": "tokens", name: ""})


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        ServeSettings().grpc_port = 1  # pyright: ignore[reportAttributeAccessIssue]


def test_flags_that_users_were_promised_exist() -> None:
    flags = {setting.flag for role in (ModeSettings, CombinedSettings) for setting in settings_of(role)}
    assert flags.issuperset(PROMISED.split())


@pytest.mark.parametrize("role", [ModeSettings, TransformSettings, CombinedSettings])
def test_every_setting_says_what_it_is(role: type[Settings]) -> None:
    assert all(setting.description and setting.group for setting in settings_of(role))
