"""The real servers that the other tests stand on."""

from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from confluent_kafka import Consumer, KafkaError, Producer
from redis.cluster import RedisCluster

from common.errors import ConfigurationError
from tests.support.kafka.broker import SASL_PASSWORD, SASL_USER, KafkaBroker
from tests.support.redis.binaries import cli_binary, server_binary
from tests.support.redis.key_leaks import assert_every_key_has_ttl
from tests.support.redis.servers import RedisServer
from tests.support.unused import unique
from tests.support.wait import eventually


def produce(settings: dict[str, str], topic: str, value: bytes) -> None:
    producer = Producer(settings)
    producer.produce(topic, value)
    assert producer.flush(15) == 0


def consume(bootstrap: str, topic: str) -> bytes | None:
    settings = {"bootstrap.servers": bootstrap, "group.id": unique("group"), "auto.offset.reset": "earliest"}
    consumer = Consumer(settings)
    try:
        consumer.subscribe([topic])
        message = eventually(lambda: consumer.poll(0.1), f"a message of {topic}")
        return message.value()
    finally:
        consumer.close()


def sasl_settings(bootstrap: str, mechanism: str, password: str) -> dict[str, str]:
    return {
        "bootstrap.servers": bootstrap,
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": mechanism,
        "sasl.username": SASL_USER,
        "sasl.password": password,
    }


def authentication_error(settings: dict[str, str]) -> KafkaError:
    errors: list[KafkaError] = []
    producer = Producer({**settings, "error_cb": errors.append, "log_level": 0})

    def refused() -> KafkaError | None:
        producer.poll(0.1)
        return next((error for error in errors if error.code() == KafkaError._AUTHENTICATION), None)

    return eventually(refused, "an authentication error", timeout=15)


def test_the_broker_keeps_what_was_produced(kafka: KafkaBroker) -> None:
    topic = kafka.create_topic(unique("posts"), partitions=2)
    produce({"bootstrap.servers": kafka.bootstrap}, topic, b"a post")
    assert consume(kafka.bootstrap, topic) == b"a post"


@pytest.mark.parametrize("end", [KafkaBroker.stop, KafkaBroker.kill], ids=["stopped", "killed"])
def test_a_restarted_broker_still_has_its_messages(kafka: KafkaBroker, end: Callable[[KafkaBroker], None]) -> None:
    topic = kafka.create_topic(unique("posts"))
    produce({"bootstrap.servers": kafka.bootstrap, "acks": "all"}, topic, b"before")
    end(kafka)
    kafka.restart()
    assert consume(kafka.bootstrap, topic) == b"before"


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_the_right_password_is_let_in(kafka: KafkaBroker, mechanism: str) -> None:
    topic = kafka.create_topic(unique("posts"))
    produce(sasl_settings(kafka.sasl_bootstrap, mechanism, SASL_PASSWORD), topic, b"a post")
    assert consume(kafka.bootstrap, topic) == b"a post"


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_wrong_password_is_refused(kafka: KafkaBroker, mechanism: str) -> None:
    error = authentication_error(sasl_settings(kafka.sasl_bootstrap, mechanism, "wrong"))
    assert "authentication" in error.str().lower()


def test_a_mechanism_that_is_not_offered_is_refused(kafka: KafkaBroker) -> None:
    error = authentication_error(sasl_settings(kafka.scram_bootstrap, "PLAIN", SASL_PASSWORD))
    assert "mechanism" in error.str().lower()


def test_redis_keeps_a_value(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set("key", "value", ex=60)
        assert client.get("key") == b"value"


def test_redis_keeps_long_sorted_sets_compact(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.zadd("set", {f"{number:0100}": number for number in range(500)})
        client.expire("set", 60)
        assert client.object("encoding", "set") in (b"listpack", b"ziplist")


@pytest.mark.parametrize("run", [1, 2])
def test_every_test_finds_an_empty_store(store_url: str, run: int) -> None:
    with redis.Redis.from_url(store_url) as client:
        assert client.dbsize() == 0
        client.set("b", run, ex=60)  # slot 3300, which the first node of the cluster serves


def test_the_cluster_serves_all_slots_from_three_masters(redis_cluster_url: str) -> None:
    with RedisCluster.from_url(redis_cluster_url) as client:
        assert len(client.get_primaries()) == 3
        for number in range(100):
            client.set(f"key-{number}", number, ex=60)
        assert [client.get(f"key-{number}") for number in range(100)] == [b"%d" % number for number in range(100)]


def test_a_key_without_expiry_is_reported(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set("kept", 1)
        client.set("short", 1, ex=60)
        with pytest.raises(AssertionError, match="kept"):
            assert_every_key_has_ttl(client)
        assert_every_key_has_ttl(client, allowed={b"kept"})
        client.delete("kept")


def test_named_redis_is_the_one_that_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THUNDER_TEST_REDIS", "valkey-8.1")
    server = RedisServer(tmp_path)
    assert str(server.client.info("server")["valkey_version"]).startswith("8.1.")
    assert cli_binary().is_file()
    server.kill()


def test_redis_that_is_not_there_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THUNDER_TEST_REDIS", str(tmp_path / "redis-server"))
    with pytest.raises(ConfigurationError, match="THUNDER_TEST_REDIS"):
        server_binary()
