import pytest
from pydantic import ValidationError

from common.settings.combined import CombinedSettings
from common.settings.ingest import IngestSettings, TransformSettings
from tests.unit.common.settings.ingest_settings import ingest, refusal

READERS = (TransformSettings, IngestSettings, CombinedSettings)
MEBIBYTE = 1024 * 1024


@pytest.mark.parametrize("role", READERS)
def test_roles_that_read_kafka_need_a_group_and_nothing_else(role: type[IngestSettings]) -> None:
    assert role(kafka_group_id="g").in_network_events_consumer_dest == "localhost:9092"
    with pytest.raises(ValidationError, match="kafka_group_id"):
        role.model_validate({})


def test_a_fetch_is_larger_from_the_refined_topic() -> None:
    assert TransformSettings(kafka_group_id="g").max_partition_fetch_bytes == 10 * MEBIBYTE
    assert ingest(events="raw").max_partition_fetch_bytes == 10 * MEBIBYTE
    assert ingest().max_partition_fetch_bytes == 100 * MEBIBYTE
    assert ingest(max_partition_fetch_bytes=7).max_partition_fetch_bytes == 7


def test_each_role_knows_the_topic_behind_the_store() -> None:
    assert TransformSettings(kafka_group_id="g", tweet_events_topic="t").source_topic == "t"
    assert ingest(innetwork_post_topic="r").source_topic == "r"
    assert ingest(events="follows", follows_topic="f").source_topic == "f"


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
