import pytest

from common.errors import ConfigurationError
from common.kafka.configuration import Packing, producer_configuration
from common.settings.loader import check, gather
from common.settings.producer import ProducerSettings, SendMode, WhenFull


def settings(*flags: str) -> ProducerSettings:
    return check(ProducerSettings, gather(flags, {}, [ProducerSettings]))


def test_a_source_waits_for_kafka_by_default() -> None:
    defaults = settings()
    assert (defaults.queue_size, defaults.when_full, defaults.sending) == (10_000, WhenFull.BLOCK, SendMode.ASYNC)


def test_default_linger_and_batch_size() -> None:
    defaults = settings()
    assert (defaults.linger_ms, defaults.batch_bytes, defaults.compression) == (5, 100_000, "lz4")
    assert Packing() == Packing(defaults.linger_ms, defaults.batch_bytes, defaults.compression_by_topic.others)


def test_packing_is_written_in_librdkafkas_names() -> None:
    configuration = producer_configuration(
        settings().producer_connection,
        10,
        lambda _: None,
        Packing(7, 50_000, settings().compression_by_topic.others, 123),
    )
    names = ("linger.ms", "batch.size", "compression.codec", "queue.buffering.max.messages")
    assert [configuration[name] for name in names] == [7, 50_000, "lz4", 123]


def test_a_linger_beyond_the_delivery_timeout_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"linger_ms must be less than delivery_timeout_ms \(1000\)"):
        settings("--linger-ms", "1000", "--delivery-timeout-ms", "1000")


def test_an_unknown_codec_is_refused_at_start() -> None:
    with pytest.raises(ConfigurationError, match="--compression: compression is one of lz4, zstd, gzip, snappy, none"):
        settings("--compression", "brotli")


def test_a_sync_producer_does_not_linger() -> None:
    assert ProducerSettings(sending=SendMode.SYNC).message_linger_ms == 0
    assert ProducerSettings(linger_ms=7).message_linger_ms == 7
