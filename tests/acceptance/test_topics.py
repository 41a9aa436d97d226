"""`thunder topics create` on a real broker."""

import json

from tests.support.kafka.broker import SASL_PASSWORD, SASL_USER, KafkaBroker
from tests.support.kafka.topic import topic_option
from tests.support.processes.thunder import Thunder
from tests.support.unused import unique

DAY_MS = 86_400_000


class Names:
    """Topics that no other test has."""

    def __init__(self) -> None:
        self.raw, self.refined, self.follows, self.dead = map(unique, ("raw", "refined", "follows", "dead"))

    @property
    def flags(self) -> list[str]:
        raw, refined = ("--tweet-events-topic", self.raw), ("--innetwork-post-topic", self.refined)
        return [*raw, *refined, "--follows-topic", self.follows, "--dead-letter-topic", self.dead]

    @property
    def all(self) -> list[str]:
        return [self.raw, self.refined, self.follows, self.dead]


def test_topics_are_created_once_with_their_retention(thunder: Thunder, kafka: KafkaBroker) -> None:
    names = Names()
    create = ["topics", "create", "--partitions", "3", *names.flags]
    brokers = {"KAFKA_BROKERS": kafka.bootstrap}
    first, second = thunder.run(*create, env=brokers), thunder.run(*create, env=brokers)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert [line.split()[0] for line in first.stdout.splitlines()] == names.all
    assert first.stdout.count("created: 3 partitions") == second.stdout.count("exists: 3 partitions") == 3
    assert first.stdout.count("created: 1 partition,") == second.stdout.count("exists: 1 partition\n") == 1
    kept = [int(topic_option(kafka.bootstrap, name, "retention.ms")) for name in names.all]
    assert kept == [3 * DAY_MS, 3 * DAY_MS, -1, 14 * DAY_MS]


def test_json_reports_a_topic_with_other_partitions(thunder: Thunder, kafka: KafkaBroker) -> None:
    names = Names()
    kafka.create_topic(names.refined, partitions=2)
    done = thunder.run("topics", "create", "--json", *names.flags, env={"KAFKA_BROKERS": kafka.bootstrap})
    assert done.returncode == 2
    [line] = done.stdout.splitlines()
    reason = "it was to have 12 partitions"
    assert json.loads(line) == {
        "topics": [
            {"name": names.raw, "creation": "created", "partitions": 12, "reason": ""},
            {"name": names.refined, "creation": "differs", "partitions": 2, "reason": reason},
            {"name": names.follows, "creation": "created", "partitions": 12, "reason": ""},
            {"name": names.dead, "creation": "created", "partitions": 1, "reason": ""},
        ]
    }


def test_it_logs_in_as_the_roles_do_and_says_when_it_is_refused(thunder: Thunder, kafka: KafkaBroker) -> None:
    names = Names()
    login = ["--security-protocol", "SASL_PLAINTEXT", "--sasl-mechanism", "SCRAM-SHA-512"]
    create = ["topics", "create", "--in-network-events-producer-dest", kafka.sasl_bootstrap, *login, *names.flags]
    user = {"KAFKA_SASL_USER": SASL_USER}
    done = thunder.run(*create, env=user | {"KAFKA_SASL_PASSWORD": SASL_PASSWORD})
    assert (done.returncode, done.stdout.count("created: ")) == (0, 4)
    refused = thunder.run(*create, env=user | {"KAFKA_SASL_PASSWORD": "not-the-password"})
    assert (refused.returncode, refused.stdout) == (3, "")
    assert f"Kafka refused user '{SASL_USER}' with SASL mechanism SCRAM-SHA-512" in refused.stderr
    assert "not-the-password" not in refused.stderr
