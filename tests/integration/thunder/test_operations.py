"""The commands of operators before a real Kafka and Redis: dead letters, replays of a group, the status."""

import json
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from typing import NamedTuple

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka import Message as KafkaMessage

from common.process_name import product_version
from ingest.batch import DeadLetter, Message
from ingest.dead_letters.writer import MAX_PAYLOAD_BYTES, dead_letter_record
from ingest.events import MalformedReason
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.topic import KafkaTopic, read_topic
from tests.support.processes.ingest_workers import IngestWorkers, posts
from tests.support.processes.thunder import Thunder
from tests.support.unused import unique
from tests.support.wait import eventually
from thunder.cli.main import main

LARGE = b"\xff" * (MAX_PAYLOAD_BYTES + 1)


class Done(NamedTuple):
    """A command that ran in this process."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: str) -> Done:
        code = main(words)
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return run


class Letters:
    """A topic with bad messages, and the dead letters about them, in a topic of their own."""

    def __init__(self, run: Run, kafka: KafkaBroker) -> None:
        self._run = run
        self._kafka = kafka
        self._producer = Producer({"bootstrap.servers": kafka.bootstrap, "linger.ms": 0})
        self.topic = kafka.create_topic(unique("posts"), 2)
        self.letters = kafka.create_topic(unique("letters"))
        self._produced = 0

    def fail(self, payload: bytes, key: bytes) -> None:
        """A message that is bad."""
        self.produce(payload, key)
        self.set_aside(payload, self._produced - 1)

    def produce(self, payload: bytes, key: bytes) -> None:
        """A message without a letter."""
        self._producer.produce(self.topic, payload, key, 1, headers={"traceparent": "trace"})
        self._produced += 1

    def set_aside(self, payload: bytes, offset: int, topic: str = "") -> None:
        """A letter about a message, which may exist."""
        letter = DeadLetter(Message(1, offset, payload, 0), MalformedReason.BAD_WIRE, "no event")
        record = dead_letter_record(topic or self.topic, letter)
        self._producer.produce(self.letters, record.value, headers=dict(record.headers))
        assert self._producer.flush(30) == 0

    def run(self, *words: str) -> Done:
        topics = ("--dead-letter-topic", self.letters, "--in-network-events-consumer-dest", self._kafka.bootstrap)
        return self._run("dead-letters", *words, *topics)

    def messages(self, count: int) -> list[KafkaMessage]:
        """All messages of the topic of origin."""
        found = read_topic(self._kafka.bootstrap, self.topic, lambda read: len(read) >= count)
        assert len(found) == count
        return found


@pytest.fixture
def letters(run: Run, kafka: KafkaBroker) -> Letters:
    return Letters(run, kafka)


def test_letters_are_listed_and_shown(letters: Letters) -> None:
    letters.fail(b"first", b"1")
    letters.fail(b"second", b"2")
    listed = letters.run("list")
    assert listed.returncode == 0, listed.stderr
    assert f"{letters.topic}[1] offset 1  6 B  bad_wire: no event" in listed.stdout
    assert listed.stdout.splitlines()[-1] == "2 dead letters: bad_wire 2"
    found = json.loads(letters.run("list", "--from-offsets", "1", "--since", "1h", "--json").stdout)
    assert [each["number"] for each in found["dead_letters"]] == [1]
    assert "66 69 72 73 74" in letters.run("show", "0").stdout
    absent = letters.run("show", "2")
    assert absent.returncode == 2
    assert "has no dead letter 2" in absent.stderr


def test_originals_are_sent_back_once_with_their_keys(letters: Letters) -> None:
    letters.fail(b"first", b"1")
    letters.fail(LARGE, b"2")
    letters.produce(b"another", b"3")
    letters.set_aside(b"first", 0)  # of a batch that was tried again
    letters.set_aside(b"gone", 2)  # another message stands there now
    letters.set_aside(LARGE, 7)
    letters.set_aside(b"elsewhere", 0, topic=unique("deleted"))

    planned, done = letters.run("replay", "--dry-run", "--json"), letters.run("replay", "--json")

    counts = json.loads(done.stdout)
    assert (planned.returncode, done.returncode) == (3, 3), done.stderr
    assert json.loads(planned.stdout) == counts | {"dry_run": True}
    assert (counts["sent"], counts["without_key"], counts["repeated"]) == (3, 1, 1)
    assert set(counts["refused"].values()) == {1}
    assert len(counts["refused"]) == 2
    messages = letters.messages(6)
    assert [(each.key(), each.value(), each.partition()) for each in messages[3:]] == [
        (b"1", b"first", 1),
        (b"2", LARGE, 1),
        (None, b"gone", 1),
    ]
    assert messages[3].headers() == [("traceparent", b"trace")]


def test_a_repair_goes_over_what_is_sent(letters: Letters) -> None:
    letters.fail(b"12345first", b"1")
    letters.fail(b"1234", b"2")
    done = letters.run("replay", "--repair", "tail -c +6", "--letters", "0-")
    assert done.returncode == 3, done.stderr
    assert done.stdout.splitlines()[-1] == "1 sent, 1 refused: the repair refuses it 1"
    assert [(each.key(), each.value()) for each in letters.messages(3)][2:] == [(b"1", b"first")]


@contextmanager
def member_of(topic: KafkaTopic) -> Generator[None]:
    """A member of the topic's group, which has partitions."""
    member = Consumer({"bootstrap.servers": topic.bootstrap, "group.id": topic.group})
    member.subscribe([topic.name])
    with closing(member):
        eventually(lambda: member.poll(0.1) is None and bool(member.assignment()), "the member has partitions")
        yield


def test_a_group_is_moved_back_with_its_metadata(run: Run, kafka: KafkaBroker) -> None:
    topic = KafkaTopic(kafka.bootstrap, kafka.create_topic(unique("posts"), 2))
    topic.produce(*(b"event" for _ in range(5)), partition=1)
    commit(topic, TopicPartition(topic.name, 0, 0, "lineage"), TopicPartition(topic.name, 1, 5, "lineage"))
    flags = ("--group", topic.group, "--in-network-events-consumer-dest", kafka.bootstrap)

    with member_of(topic):
        refused = run("replay", "--since", "1h", *flags)
    assert refused.returncode == 3
    assert f"group {topic.group} has 1 member on 127.0.0.1: stop them first, or use --wait" in refused.stderr

    planned = run("replay", "--since", "1h", "--dry-run", *flags)
    assert "5 messages would be read again" in planned.stdout
    assert topic.commits == {0: 0, 1: 5}
    done = run("replay", "--since", "1h", "--wait", "--json", *flags)
    assert done.returncode == 0, done.stderr
    assert [each["new_offset"] for each in json.loads(done.stdout)["partitions"]] == [0, 0]
    assert committed(topic, 1) == (0, "lineage")

    nobody = run("replay", "--since", "1h", "--group", unique("no"), *flags[2:])
    assert nobody.returncode == 2
    assert "has committed nothing" in nobody.stderr


def commit(topic: KafkaTopic, *places: TopicPartition) -> None:
    client = Consumer({"bootstrap.servers": topic.bootstrap, "group.id": topic.group})
    with closing(client):
        client.commit(offsets=[*places], asynchronous=False)


def committed(topic: KafkaTopic, partition: int) -> tuple[int, str | None]:
    client = Consumer({"bootstrap.servers": topic.bootstrap, "group.id": topic.group})
    with closing(client):
        [place] = client.committed([TopicPartition(topic.name, partition)], timeout=10)
        return place.offset, place.metadata


def test_the_status_shows_groups_store_and_versions(thunder: Thunder, kafka: KafkaBroker, redis_url: str) -> None:
    ingest = IngestWorkers(thunder, kafka, redis_url, partitions=2)
    ingest.produce(*posts(1, 20))
    worker = ingest.ready("--auto-offset-reset", "smallest")
    server = thunder.start("serve", "--redis-url", redis_url)
    server.wait_until_ready()
    flags = ("--in-network-events-consumer-dest", kafka.bootstrap, "--redis-url", redis_url)
    flags = (*flags, "--innetwork-post-topic", ingest.topic.name)

    def whole() -> bool:
        done = thunder.run("status", "--json", *flags)
        return done.returncode == 0 and json.loads(done.stdout)["redis"]["fills"] != []

    eventually(whole, "nothing needs attention", timeout=30)
    status = json.loads(thunder.run("status", "--json", *flags).stdout)
    [group] = status["kafka"]["groups"]
    assert (group["group"], group["topic"], group["lag"]) == (ingest.topic.group, ingest.topic.name, 0)
    assert (group["state"], group["members"], group["partitions"]) == ("stable", 1, 2)
    [members] = group["versions"]
    assert (members["role"], members["members"]) == ("thunder-ingest", 1)
    assert status["redis"]["fills"] == [{"kind": "posts", "partitions": 2, "whole_buckets": 256}]
    assert status["redis"]["layout"]["buckets"] == 256
    roles = {process["role"]: process["version"] for process in status["redis"]["processes"]}
    assert roles.keys() == {"thunder-ingest", "thunder-serve"}
    assert {*roles.values(), members["version"]} == {product_version()}
    assert worker.terminate() == 0
    ingest.produce(*posts(21, 21))
    text = thunder.run("status", *flags)
    assert text.returncode == 1
    assert f"attention: group {ingest.topic.group} has no members, and 1 messages of" in text.stdout
    assert "thunder-serve" in text.stdout


def test_the_status_shows_the_version_of_transformers(thunder: Thunder, kafka: KafkaBroker, redis_url: str) -> None:
    raw, group = kafka.create_topic(unique("tweet_events"), partitions=2), unique("transform")
    flags = ("--in-network-events-consumer-dest", kafka.bootstrap, "--tweet-events-topic", raw)
    flags = (*flags, "--innetwork-post-topic", kafka.create_topic(unique("innetwork_post"), partitions=2))
    thunder.start("transform", "--kafka-group-id", group, *flags).wait_until_ready()
    [line] = [
        line
        for line in thunder.run("status", "--redis-url", redis_url, *flags).stdout.splitlines()
        if line.startswith(group)
    ]
    assert line.endswith(f"  thunder-transform {product_version()}")
