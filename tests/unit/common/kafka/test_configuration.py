import pytest

from common.kafka.configuration import (
    Codec,
    connection_configuration,
    consumer_configuration,
    producer_configuration,
    read_compression,
    rebalances_incrementally,
)
from common.process_name import product_version
from common.settings.ingest import IngestSettings, TransformSettings

SECRET = "do-not-show"


def ingest(**settings: object) -> IngestSettings:
    return IngestSettings.model_validate({"kafka_group_id": "posts", **settings})


def ignore(_: object) -> None:
    pass


def test_a_plaintext_connection_names_brokers_and_nothing_else() -> None:
    settings = ingest(in_network_events_consumer_dest="a:1,b:2")
    configuration = connection_configuration(settings.consumer_connection, ignore)
    assert configuration["bootstrap.servers"] == "a:1,b:2"
    assert configuration["security.protocol"] == "PLAINTEXT"
    assert not [name for name in configuration if name.startswith(("sasl.", "ssl."))]


def test_reader_and_writer_may_log_in_differently() -> None:
    settings = ingest(
        sasl_mechanism="SCRAM-SHA-512",
        kafka_sasl_user="reader",
        kafka_sasl_password=SECRET,
        producer_sasl_mechanism="PLAIN",
        producer_sasl_username="writer",
        producer_sasl_password="other",
        in_network_events_producer_dest="b:2",
        ssl_ca_location="/ca.pem",
    )
    reading = consumer_configuration(settings, 0, ignore)
    writing = producer_configuration(settings.producer_connection, 10, ignore)
    names = ("security.protocol", "sasl.mechanism", "sasl.username", "sasl.password", "ssl.ca.location")
    assert [reading[name] for name in names] == ["SASL_SSL", "SCRAM-SHA-512", "reader", SECRET, "/ca.pem"]
    assert [writing[name] for name in names] == ["SASL_SSL", "PLAIN", "writer", "other", "/ca.pem"]
    assert (reading["bootstrap.servers"], writing["bootstrap.servers"]) == ("localhost:9092", "b:2")


def test_out_of_range_position_resumes_at_the_earliest() -> None:
    configuration = consumer_configuration(ingest(auto_offset_reset="largest"), 0, ignore)
    assert configuration["enable.auto.commit"] is False
    assert configuration["enable.auto.offset.store"] is False
    assert configuration["auto.offset.reset"] == "earliest"


@pytest.mark.parametrize(("asked", "per_fetch"), [(1_000_000, 52_428_800), (104_857_600, 104_857_600)])
def test_fetch_limits_leave_room_for_one_partition(asked: int, per_fetch: int) -> None:
    configuration = consumer_configuration(ingest(max_partition_fetch_bytes=asked), 0, ignore)
    assert configuration["max.partition.fetch.bytes"] == asked
    assert configuration["fetch.max.bytes"] == per_fetch
    assert configuration["receive.message.max.bytes"] >= per_fetch + 512


def test_fetches_are_as_large_as_the_topic_needs_by_default() -> None:
    raw = TransformSettings.model_validate({"kafka_group_id": "raw"})
    assert consumer_configuration(raw, 0, ignore)["max.partition.fetch.bytes"] == 10 * 2**20
    assert consumer_configuration(ingest(), 0, ignore)["max.partition.fetch.bytes"] == 100 * 2**20


def test_each_thread_is_a_static_member_of_its_own() -> None:
    settings = ingest(kafka_group_instance_id="pod-1")
    first, second = (consumer_configuration(settings, number, ignore) for number in (0, 1))
    assert (first["group.instance.id"], second["group.instance.id"]) == ("pod-1-0", "pod-1-1")
    assert first["session.timeout.ms"] == 45_000


def test_membership_is_dynamic_by_default() -> None:
    configuration = consumer_configuration(ingest(), 0, ignore)
    assert "group.instance.id" not in configuration
    assert configuration["session.timeout.ms"] == 10_000


def test_a_member_says_its_role_and_version_unless_the_operator_names_it() -> None:
    transform = TransformSettings.model_validate({"kafka_group_id": "raw"})
    assert consumer_configuration(transform, 0, ignore)["client.id"] == f"thunder-transform/{product_version()}"
    named = ingest(kafka_property=["client.id=feed"])
    assert consumer_configuration(named, 0, ignore)["client.id"] == "feed"


def test_cooperative_assignor_is_the_default() -> None:
    assert rebalances_incrementally(ingest())
    assert not rebalances_incrementally(ingest(partition_assignment_strategy="range"))


def test_what_is_sent_is_acknowledged_by_all_replicas_once() -> None:
    configuration = producer_configuration(ingest().producer_connection, 12.5, ignore)
    assert configuration["enable.idempotence"] is True
    assert configuration["acks"] == "all"
    assert configuration["message.timeout.ms"] == 12_500


@pytest.mark.parametrize("codec", Codec)
def test_a_codec_alone_is_for_every_topic(codec: Codec) -> None:
    compression = read_compression(codec.value)
    assert compression.codec_of("posts") is codec
    assert compression.codecs == {codec}


def test_topics_may_have_a_codec_of_their_own() -> None:
    compression = read_compression("zstd, posts=lz4,follows=none")
    assert [compression.codec_of(topic) for topic in ("posts", "follows", "others")] == ["lz4", "none", "zstd"]
    assert compression.codecs == {Codec.ZSTD, Codec.LZ4, Codec.NONE}


def test_topics_that_are_not_named_are_lz4() -> None:
    assert read_compression("posts=gzip").codec_of("others") is Codec.LZ4


@pytest.mark.parametrize("text", ["brotli", "posts=brotli", "zstd,", "posts="])
def test_another_codec_is_refused_with_those_that_there_are(text: str) -> None:
    with pytest.raises(ValueError, match="one of lz4, zstd, gzip, snappy, none, or TOPIC=CODEC"):
        read_compression(text)
