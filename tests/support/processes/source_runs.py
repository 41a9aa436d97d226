"""Running `thunder source` against real servers."""

import json
import subprocess
from typing import Any

from tests.support.kafka.broker import KafkaBroker
from tests.support.processes.thunder import Role, Thunder
from tests.support.unused import unique

Json = dict[str, Any]


def report_of(role: Role) -> Json:
    """Last line of a role that was started with --json."""
    return json.loads(role.wait_for_output(r"^\{.*\}$")[0])


class Sources:
    """Runs sources that write to a topic of their own."""

    def __init__(self, thunder: Thunder, kafka: KafkaBroker, redis_url: str, partitions: int = 3) -> None:
        self.bootstrap = kafka.bootstrap
        self.topic = kafka.create_topic(unique("innetwork_post"), partitions)
        self.follows_topic = kafka.create_topic(unique("follows"), 1)
        self._thunder = thunder
        self.env: dict[str, str] = {}
        self._flags = [
            *("--topic", self.topic, "--follows-topic", self.follows_topic),
            *("--in-network-events-producer-dest", kafka.bootstrap, "--redis-url", redis_url),
        ]

    def start(self, *arguments: str) -> Role:
        return self._thunder.start("source", *arguments[:1], *self._flags, *arguments[1:], env=self.env)

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return self._thunder.run("source", *arguments[:1], *self._flags, *arguments[1:], stdin=stdin, env=self.env)

    def report(self, *arguments: str, stdin: str = "") -> Json:
        """The last line of --json of a run that goes well."""
        done = self.run(*arguments, "--json", stdin=stdin)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])
