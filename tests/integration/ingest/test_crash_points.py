"""SIGKILL of a worker at the worst moments: its successor ends with the store of an undisturbed run."""

import json
import os
import sys
from pathlib import Path

import pytest

from common.post import LightPost
from ingest.events import AuthorDelete, Event, PostDelete
from tests.integration.ingest.crashing_worker import Moment
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.refined_topic import produce_events
from tests.support.kafka.topic import KafkaTopic
from tests.support.processes.child import Child
from tests.support.redis.servers import RedisServer
from tests.support.redis.stored_posts import stored_values
from tests.support.unused import unique
from tests.support.wait import eventually

NOW = 1_790_000_000
ROOT = Path(__file__).parents[3]


def history() -> list[Event]:
    """Posts, replies, repeats and deletes of posts and of an author, deletes before their creates too."""
    posts = [LightPost(number, number % 5 + 1, NOW - number) for number in range(1, 101)]
    replies = [
        LightPost(
            post.post_id + 1000, 9, NOW, post.post_id, post.author_id, is_reply=True, conversation_id=post.post_id
        )
        for post in posts[::3]
    ]
    early = [PostDelete(post.post_id, NOW) for post in posts[::10]]
    late = [PostDelete(post.post_id, NOW) for post in posts[5::10]]
    return [*early, *posts, *replies, *late, AuthorDelete(2, NOW - 50), *posts[:20]]


class Workers:
    """Workers of one group, one at a time, under a static name so that a successor need not wait for the dead."""

    def __init__(self, kafka: KafkaBroker, name: str, redis_url: str, logs: Path) -> None:
        self.topic = KafkaTopic(kafka.bootstrap, name)
        self._logs = logs
        self._settings = json.dumps(
            {
                "in_network_events_consumer_dest": kafka.bootstrap,
                "kafka_group_id": self.topic.group,
                "kafka_group_instance_id": "worker",
                "innetwork_post_topic": name,
                "auto_offset_reset": "smallest",
                "kafka_batch_size": 50,
                "catch_up_batch_size": 50,
                "redis_url": redis_url,
            }
        )

    def start(self, moment: Moment) -> Child:
        command = [
            sys.executable,
            ROOT / "tests/integration/ingest/crashing_worker.py",
            moment,
            str(NOW),
            self._settings,
        ]
        return Child(command, self._logs / f"{unique(moment)}.log", env=os.environ | {"PYTHONPATH": str(ROOT)})

    def finish(self) -> None:
        """Run a worker until everything is applied and committed."""
        worker = self.start(Moment.NEVER)
        worker.wait_for_output("caught up")
        self.wait_for_commit()
        assert worker.terminate() == 0

    def wait_for_commit(self) -> None:
        end = {0: len(history())}
        eventually(lambda: self.topic.commits == end, f"a commit at {end}")


@pytest.fixture(scope="module")
def topic_name(kafka: KafkaBroker) -> str:
    name = kafka.create_topic(unique("posts"))
    produce_events(kafka.bootstrap, name, history())
    return name


@pytest.fixture(scope="module")
def undisturbed(
    kafka: KafkaBroker, topic_name: str, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> dict[bytes, object]:
    """The store that a run without a crash leaves."""
    redis_server.flush()
    Workers(kafka, topic_name, redis_server.url, tmp_path_factory.mktemp("undisturbed")).finish()
    values = stored_values(redis_server.url)
    assert values
    return values


@pytest.mark.parametrize("moment", [Moment.AFTER_FETCH, Moment.AFTER_FIRST_SCRIPT, Moment.AFTER_WRITE])
def test_a_worker_killed_within_a_batch_leaves_no_trace(
    undisturbed: dict[bytes, object],
    moment: Moment,
    kafka: KafkaBroker,
    topic_name: str,
    redis_url: str,
    tmp_path: Path,
) -> None:
    workers = Workers(kafka, topic_name, redis_url, tmp_path)
    assert workers.start(moment).wait() == -9
    assert workers.topic.commits == {0: 0}, "only the start is committed"
    workers.finish()
    assert stored_values(redis_url) == undisturbed


def test_a_worker_killed_after_its_commit_leaves_nothing_to_do(
    undisturbed: dict[bytes, object], kafka: KafkaBroker, topic_name: str, redis_url: str, tmp_path: Path
) -> None:
    workers = Workers(kafka, topic_name, redis_url, tmp_path)
    first = workers.start(Moment.NEVER)
    workers.wait_for_commit()
    first.kill()
    assert stored_values(redis_url) == undisturbed
    workers.finish()
    assert stored_values(redis_url) == undisturbed
