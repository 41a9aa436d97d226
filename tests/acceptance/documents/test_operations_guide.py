"""The recipes of docs/operations.md work as they are written."""

import re
import shlex
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from common.post import LightPost
from common.settings.ingest import IngestSettings
from common.settings.serve import ServeSettings
from ingest.decode.refined_event import encode_event
from ingest.events import PostDelete
from tests.support.command_lines import arguments_of, is_readable
from tests.support.kafka.broker import KafkaBroker
from tests.support.operations_guide import command, commands
from tests.support.processes.ingest_workers import IngestWorkers, posts
from tests.support.processes.thunder import Role, Thunder
from tests.support.redis.servers import RedisServer
from tests.support.unused import unique
from tests.support.wait import eventually
from thunder.cli.runner import read_settings

ROOT = Path(__file__).parents[3]
FRAME = b"\x00\x00\x00\x00\x01"
AUTHORS = range(100, 120)


@pytest.fixture
def ingest(thunder: Thunder, kafka: KafkaBroker, redis_url: str) -> IngestWorkers:
    return IngestWorkers(thunder, kafka, redis_url)


@pytest.fixture
def green(tmp_path: Path) -> Generator[RedisServer]:
    directory = tmp_path / "green"
    directory.mkdir()
    server = RedisServer(directory)
    yield server
    server.kill()


def test_its_commands_can_be_read() -> None:
    for line in commands():
        match shlex.split(line):
            case ["thunder", "ingest", *flags]:
                read_settings(IngestSettings, flags)
            case ["thunder", "serve", *flags]:
                read_settings(ServeSettings, flags)
            case ["thunder", *_]:
                assert is_readable(arguments_of(line)), line
            case ["redis-cli", "--cluster", *_] | ["helm", *_] | ["kubectl", *_]:
                pass  # tests/helm and tests/integration/store/test_resharding.py run these
            case words:
                pytest.fail(f"no test for {words}")


def test_its_links_lead_somewhere() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    files = [target.partition("#")[0] for target in re.findall(r"\]\(([^)]+)\)", text)] + re.findall(
        r"tests/\S+\.py", text
    )
    assert all((ROOT / "docs" / name).exists() or (ROOT / name).exists() for name in files), files


def test_dead_letters_are_repaired_and_replayed(ingest: IngestWorkers, thunder: Thunder, kafka: KafkaBroker) -> None:
    letters = kafka.create_topic(unique("dead_letters"))
    framed = posts(1, 20)
    ingest.topic.produce(*(FRAME + encode_event(post) for post in framed), b"\xff" * 30)
    ingest.ready("--auto-offset-reset", "smallest", "--dead-letter-topic", letters)
    here = ("--dead-letter-topic", letters, "--in-network-events-consumer-dest", kafka.bootstrap)

    listed = thunder.run(*shlex.split(command("thunder dead-letters list --since"))[1:], *here)
    assert listed.returncode == 0, listed.stderr
    assert len(listed.stdout.splitlines()) == 22
    repaired = shlex.split(command("thunder dead-letters replay --letters"))[1:]
    for _ in range(2):  # and once more by mistake
        done = thunder.run(*repaired, *here)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == "21 sent, 0 refused"
    ingest.wait_for_posts(*range(1, 21))


def test_a_group_is_moved_back_by_time(ingest: IngestWorkers, thunder: Thunder) -> None:
    worker = ingest.ready("--auto-offset-reset", "smallest")
    ingest.produce(*posts(1, 50))
    eventually(lambda: ingest.committed == 50, "everything is committed")
    written = command("thunder replay --since 2h --group thunder-ingest --wait").replace(
        "thunder-ingest", ingest.topic.group
    )
    rewind = [*shlex.split(written)[1:], "--in-network-events-consumer-dest", ingest.bootstrap]
    assert thunder.run(*(word for word in rewind if word != "--wait")).returncode == 3, "refused while a worker runs"
    assert worker.terminate() == 0

    done = thunder.run(*rewind)

    assert (done.returncode, ingest.committed) == (0, 0), done.stderr
    again = ingest.ready()
    eventually(lambda: again.metrics().value("ingest_events_total", type="create") == 50, "all is written again")
    assert len(ingest.stored) == 50


def test_a_second_store_with_other_counts_takes_over(
    ingest: IngestWorkers, thunder: Thunder, redis_url: str, green: RedisServer
) -> None:
    ingest.produce(*written(0))
    ingest.ready("--auto-offset-reset", "smallest")
    blue = serving(thunder, ["--redis-url", redis_url])

    start = shlex.split(command("thunder ingest").replace("redis://green:6379", green.url))[2:]
    worker = ingest.start(*start, "--kafka-group-id", unique("green"))
    others = serving(thunder, shlex.split(command("thunder serve").replace("redis://green:6379", green.url))[2:])
    worker.wait_until_ready()
    assert len(asked(blue)) > 100
    assert asked(others) == asked(blue)

    ingest.produce(*written(1000))
    newest = {post.post_id for post in written(1000) if isinstance(post, LightPost)}
    for server in (blue, others):
        eventually(lambda server=server: newest - {1000} <= set(asked(server)), "new posts")
        eventually(lambda server=server: 1000 not in asked(server), "the delete")
    assert asked(others) == asked(blue)


def serving(thunder: Thunder, flags: Sequence[str]) -> Role:
    role = thunder.start("serve", *flags)
    role.wait_until_ready()
    return role


def written(first_id: int) -> list[LightPost | PostDelete]:
    """Posts of AUTHORS, the first of them deleted."""
    made = [
        post._replace(author_id=AUTHORS[post.post_id % len(AUTHORS)]) for post in posts(first_id or 1, first_id + 120)
    ]
    return [*made, PostDelete(made[0].post_id, made[0].created_at)]


def asked(server: Role) -> list[int]:
    answer = server.ask(GetInNetworkPostsRequest(following_user_ids=AUTHORS))
    assert not answer.partial
    return [post.post_id for post in answer.posts]
