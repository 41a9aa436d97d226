"""`thunder doctor` before real servers."""

import json
from concurrent.futures import Future
from pathlib import Path
from typing import NamedTuple, cast

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.support.kafka.broker import KafkaBroker
from tests.support.processes.thunder import Thunder
from tests.support.redis.servers import RedisServer
from tests.support.redis.users import INGEST, SERVE, SOURCE, StoreWithUsers
from tests.support.unused import unique

GROUP = ("--kafka-group-id", "feed")


class Report(NamedTuple):
    """Findings of the doctor, in JSON: (verdict, subject, fact) of each."""

    exit_code: int
    findings: list[tuple[str, str, str]]

    def problems(self, verdict: str = "fail") -> list[str]:
        return [f"{subject} {fact}" for found, subject, fact in self.findings if found == verdict]


class Doctor:
    def __init__(self, thunder: Thunder) -> None:
        self._thunder = thunder

    def __call__(self, role: str, *flags: str) -> Report:
        done = self._thunder.run("doctor", "--role", role, "--json", *flags)
        printed = json.loads(done.stdout)
        assert printed["role"] == role
        findings = [(each["verdict"], each["subject"], each["fact"]) for each in printed["findings"]]
        return Report(done.returncode, findings)


@pytest.fixture
def doctor(thunder: Thunder) -> Doctor:
    return Doctor(thunder)


def brokers_of(kafka: KafkaBroker) -> tuple[str, str]:
    """The flags of brokers that answer at once."""
    return ("--in-network-events-consumer-dest", kafka.bootstrap)


def topic_of(kafka: KafkaBroker, partitions: int, **settings: str) -> str:
    """A topic with these settings, dots in their names as underscores."""
    name = unique("posts")
    config = {key.replace("_", "."): value for key, value in settings.items()}
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    [created] = cast("list[Future[None]]", admin.create_topics([NewTopic(name, partitions, 1, config=config)]).values())
    created.result()
    return name


def test_a_worker_finds_all_that_it_needs(doctor: Doctor, kafka: KafkaBroker, store_url: str) -> None:
    topic = topic_of(kafka, 3, retention_ms=str(3 * 86_400_000))
    report = doctor("ingest", *GROUP, *brokers_of(kafka), "--innetwork-post-topic", topic, "--redis-url", store_url)
    assert report.problems() == []
    assert report.exit_code == 0
    assert ("ok", f"Topic {topic}", "has 3 partitions") in report.findings
    assert ("ok", "Redis rights", "user default may do all that the role does") in report.findings
    assert ("ok", "Redis scripts", "can be loaded") in report.findings
    assert ("warn", "Store", "is empty") in report.findings


def test_nothing_is_left_behind(doctor: Doctor, kafka: KafkaBroker, redis_server: RedisServer, redis_url: str) -> None:
    doctor("ingest", *GROUP, *brokers_of(kafka), "--redis-url", redis_url)
    doctor("source", *brokers_of(kafka), "--redis-url", redis_url)
    assert redis_server.command("DBSIZE") == 0


def test_problems_of_topics_are_named(doctor: Doctor, kafka: KafkaBroker) -> None:
    topic = topic_of(kafka, 2, retention_ms="3600000", cleanup_policy="compact")
    flags = (
        "--tweet-events-topic",
        topic,
        "--tweet-events-num-partitions",
        "5",
        "--innetwork-post-topic",
        unique("no"),
    )
    report = doctor("transform", *GROUP, *brokers_of(kafka), *flags)
    assert report.exit_code == 1
    raw, compacted, missing = report.problems()
    assert raw == f"Topic {topic} has 2 partitions, the settings require 5"
    assert compacted == f"Topic {topic} has cleanup.policy compact: only the latest message of a key is kept"
    assert missing.endswith("does not exist")
    assert f"Topic {topic} keeps messages for 3600 s, the post retention is 172800 s" in report.problems("warn")


def test_missing_rights_of_a_user_are_named(
    doctor: Doctor, kafka: KafkaBroker, redis_server: RedisServer, redis_url: str
) -> None:
    rules = ["on", ">secret", "~a:*", "~m:{meta}", "-@all", "+@read", "+info", "+cluster", "+multi", "+exec", "+hset"]
    redis_server.command("ACL SETUSER", "feed", *rules)
    try:
        url = redis_url.replace("://", "://feed:secret@")
        report = doctor("ingest", *GROUP, *brokers_of(kafka), "--redis-url", url)
    finally:
        redis_server.command("ACL DELUSER", "feed")
    [printed] = [problem for problem in report.problems() if problem.startswith("Redis rights")]
    words = set(printed.split())
    assert {"+zadd", "+evalsha", "+script|load", "~p:*", "~f:*"} <= words
    assert words.isdisjoint({"+hset", "+zrange", "+hgetall", "~a:*", "~m:{meta}"})


def test_the_users_of_the_acl_file_lack_nothing(doctor: Doctor, kafka: KafkaBroker, tmp_path: Path) -> None:
    store = StoreWithUsers(tmp_path, cluster=False)
    try:
        for role, user in (("ingest", INGEST), ("serve", SERVE), ("source", SOURCE)):
            flags = GROUP if role == "ingest" else ()
            brokers = () if role == "serve" else brokers_of(kafka)
            report = doctor(role, *flags, *brokers, "--redis-url", store.url(user))
            assert ("ok", "Redis rights", f"user {user} may do all that the role does") in report.findings
    finally:
        store.kill()


def test_a_store_of_another_layout_is_refused(doctor: Doctor, redis_server: RedisServer, redis_url: str) -> None:
    layout = ("version", 1, "buckets", 128, "post_hashes", 65_536, "retention_seconds", 172_800, "lineage", "x")
    redis_server.command("HSET", "m:{meta}", *layout)
    report = doctor("serve", "--redis-url", redis_url)
    assert report.problems() == ["Store the store was created with 128 buckets, author_buckets is 256"]
    assert report.exit_code == 1


def test_a_redis_that_may_evict_is_refused(doctor: Doctor, redis_server: RedisServer, redis_url: str) -> None:
    redis_server.command("CONFIG SET", "maxmemory-policy", "allkeys-lru")
    try:
        assert [problem.split(" ", 2)[2] for problem in doctor("serve", "--redis-url", redis_url).problems()] == [
            "may evict keys (allkeys-lru)"
        ]
    finally:
        redis_server.command("CONFIG SET", "maxmemory-policy", "noeviction")


def test_a_redis_without_config_is_checked_too(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "managed.conf").write_text('rename-command CONFIG ""\n')
    managed = RedisServer(tmp_path, {"include": str(tmp_path / "managed.conf")})
    try:
        report = doctor("serve", "--redis-url", managed.url)
    finally:
        managed.kill()
    assert report.problems() == []
    assert ("ok", "Redis rights", "user default may do all that the role does") in report.findings


def test_unreadable_certificates_are_named(doctor: Doctor, redis_url: str, tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("first\n")
    flags = ("--grpc-tls-certificate", "no.crt", "--grpc-tls-key", "no.key", "--redis-url", redis_url)
    report = doctor("serve", *flags, "--grpc-tokens-file", str(tmp_path / "tokens"))
    [problem] = report.problems()
    assert problem.startswith("gRPC certificates")
    assert "No such file" in problem
    assert ("ok", "Bearer tokens", "can be used") in report.findings


@pytest.mark.parametrize(
    ("user", "complaint"), [("stranger:wrong@", "invalid username-password pair"), ("", "Connection refused")]
)
def test_a_redis_that_refuses_the_user(doctor: Doctor, redis_url: str, user: str, complaint: str) -> None:
    url = redis_url.replace("://", f"://{user}") if user else "redis://127.0.0.1:1"
    [problem] = doctor("serve", "--redis-url", url).problems()
    assert complaint in problem
    assert "wrong" not in problem


def test_brokers_that_do_not_answer(doctor: Doctor) -> None:
    report = doctor("transform", *GROUP, "--in-network-events-consumer-dest", "127.0.0.1:1")
    [problem] = report.problems()
    assert "127.0.0.1:1" in problem
    assert report.exit_code == 1


def test_settings_that_are_wrong_come_first(doctor: Doctor) -> None:
    report = doctor("ingest", "--kafka-batch-size", "0")
    assert report.exit_code == 1
    assert len(report.findings) == len(report.problems()) == 2
    assert any("--kafka-group-id is required" in problem for problem in report.problems())


def test_people_read_a_line_for_each_finding(thunder: Thunder, redis_url: str) -> None:
    lines = thunder.run("doctor", "--role", "serve", "--redis-url", redis_url).stdout.splitlines()
    assert lines[0] == "ok    Settings: can be read"
    assert "warn  Store: is empty -> nothing: the first ingest worker initialises it" in lines


def test_without_a_role_all_are_checked(thunder: Thunder, kafka: KafkaBroker, redis_url: str) -> None:
    flags = (*brokers_of(kafka), "--redis-url", redis_url, "--follow-store")
    done = thunder.run("doctor", "--json", *flags)
    found = {report["role"]: report["findings"] for report in json.loads(done.stdout)["roles"]}
    assert found.keys() == {"ingest", "serve", "transform", "source"}
    assert all(findings[0] == found["serve"][0] for findings in found.values()), "flags of one role disturb no other"
    assert found["serve"][0]["fact"] == "can be read"
    assert done.returncode == 1, "the topics are not there"
