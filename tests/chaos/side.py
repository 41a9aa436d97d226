"""A topic, a group and a Redis beside those of the run, for faults that the run itself could not go on after."""

from pathlib import Path
from typing import Self

from tests.chaos.records.watch import GroupCommits
from tests.chaos.run import Run
from tests.support.kafka.refined_topic import produce_events, recent_posts
from tests.support.processes.thunder import Role
from tests.support.redis.servers import RedisServer
from tests.support.redis.stored_posts import stored_ids
from tests.support.unused import unique
from tests.support.wait import eventually

_AUTHOR = 7


class Side:
    """One partition. Used with `with`."""

    def __init__(self, run: Run, name: str) -> None:
        self._run = run
        self.name = unique(name)
        self._roles: list[Role] = []

    def __enter__(self) -> Self:
        directory: Path = self._run.stage.logs / self.name
        directory.mkdir()
        self._redis = RedisServer(directory)
        self._run.stage.kafka.create_topic(self.name, 1)
        return self

    def __exit__(self, *_: object) -> None:
        for role in self._roles:
            role.kill()
        self._redis.kill()

    def start(self, *flags: str) -> Role:
        """A worker from the start of the topic on."""
        replaced = ("--innetwork-post-topic", self.name, "--redis-url", self._redis.url)
        worker = self._run.stage.start_worker(*replaced, *flags, group=self.name)
        self._roles.append(worker)
        return worker

    def ready(self) -> Role:
        worker = self.start()
        worker.wait_until_ready()
        return worker

    def write(self, first: int, last: int) -> None:
        """Posts with these ids, at the offsets below them."""
        produce_events(self._run.stage.kafka.direct, self.name, recent_posts(first, last, _AUTHOR))

    def write_messages(self, *payloads: bytes) -> None:
        self._run.produce(self.name, *payloads)

    def wait_for(self, *ids: int) -> None:
        """Until these posts and no others are stored."""
        eventually(lambda: sorted(stored_ids(self._redis.url, _AUTHOR)) == sorted(ids), f"{len(ids)} posts", 60)

    @property
    def committed(self) -> int:
        commits = GroupCommits(self._run.stage.kafka.direct, self.name, self.name, 1)
        try:
            return eventually(commits.offsets, f"commits of {self.name}", 60)[0]
        finally:
            commits.close()

    def delete_up_to(self, offset: int) -> int:
        """Let Kafka forget the messages before this one; the first that it still holds."""
        return self._run.stage.kafka.delete_records(self.name, 0, offset)
