import pytest
from pydantic import ValidationError

from common.kafka.connection import KafkaConnection, SecurityProtocol
from common.settings.combined import CombinedSettings, ModeSettings
from common.settings.schema import settings_of

PROMISED = """
--kafka-group-id --auto-offset-reset --fetch-timeout-ms --kafka-num-threads --is-serving --ssl-ca-location
--ssl-certificate-location --ssl-key-location --grpc-port --http-port --in-network-events-consumer-dest
--in-network-events-producer-dest --sasl-mechanism --security-protocol --kafka-batch-size
--post-retention-seconds --request-timeout-ms --max-concurrent-requests --qps-limit --skip-to-latest
--lag-monitor-interval-secs --producer-sasl-mechanism --producer-sasl-username --producer-sasl-password
--tweet-events-num-partitions --kafka-tweet-events-v2-num-partitions --max-partition-fetch-bytes --redis-url
--batch-linger-ms --kafka-group-instance-id
"""


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


def test_a_combined_process_cannot_ingest_follows() -> None:
    with pytest.raises(ValidationError, match="must be refined or raw: run thunder ingest to read follows"):
        CombinedSettings.model_validate({"kafka_group_id": "g", "events": "follows"})


def test_flags_that_users_were_promised_exist() -> None:
    flags = {setting.flag for role in (ModeSettings, CombinedSettings) for setting in settings_of(role)}
    assert flags.issuperset(PROMISED.split())
