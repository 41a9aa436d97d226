"""The demo as a newcomer meets it: real processes, nothing but this repository."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import redis
from confluent_kafka import Producer

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse
from common.post import LightPost
from ingest.decode.refined_event import encode_event, event_key
from ingest.events import PostDelete
from tests.support.processes.descendants import descendants
from tests.support.processes.thunder import Role, Thunder
from tests.support.serving.rpc import get_in_network_posts
from tests.support.unused import free_port
from tests.support.wait import eventually
from thunder.demo.synthetic.raw_tweets import encode_create, encode_delete

TOP = Path(__file__).parents[2]
RECORDING = TOP / "tests" / "data" / "jetstream_recording.jsonl"
ADDRESSES = {"kafka", "topic_raw", "topic_refined", "redis", "grpc", "http", "page"}
FOR_ANOTHER_CLUSTER = {
    "KAFKA_BROKERS": "127.0.0.1:9",
    "KAFKA_SASL_USER": "developer",
    "THUNDER_SASL_MECHANISM": "PLAIN",
    "THUNDER_REDIS_URL": "redis://127.0.0.1:9",
}
"""Variables of a developer's shell, which the demo must not depend on."""

Json = dict[str, Any]


class Demo:
    """Runs `thunder demo` with a folder for temporary files of its own."""

    def __init__(self, thunder: Thunder, temporary: Path) -> None:
        temporary.mkdir()
        self._thunder = thunder
        self._temporary = temporary
        self._own_environment = {"TMPDIR": str(temporary)}
        self._others = descendants()

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | self._own_environment

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._thunder.run("demo", *arguments, env=self._own_environment)

    def start(self, *arguments: str, **environment: str) -> Role:
        return self._thunder.start("demo", *arguments, env=self._own_environment | environment)

    def answer(self, *arguments: str) -> Json:
        """The one line that `--once --json` prints."""
        done = self.run("--once", "--json", *arguments)
        assert done.returncode == 0, done.stderr
        (line,) = done.stdout.splitlines()
        return json.loads(line)

    def assert_nothing_is_left(self) -> None:
        assert list(self._temporary.iterdir()) == []
        assert descendants() == self._others


@pytest.fixture
def demo(thunder: Thunder, tmp_path: Path) -> Demo:
    return Demo(thunder, tmp_path / "temporary")


def addresses_of(role: Role) -> Json:
    return json.loads(role.wait_for_output(r"^\{.*\}$", timeout=60)[0])


def page_json(address: str, path: str) -> Json:
    with urlopen(f"http://{address}/page/{path}", timeout=10) as response:
        return json.load(response)


def produce(addresses: Json, topic: str, *messages: tuple[bytes, bytes]) -> None:
    producer = Producer({"bootstrap.servers": addresses["kafka"]})
    for key, value in messages:
        producer.produce(topic, value, key)
    assert producer.flush(10) == 0
    producer.close()


def asking(addresses: Json, request: GetInNetworkPostsRequest) -> Callable[[], GetInNetworkPostsResponse]:
    return lambda: get_in_network_posts(addresses["grpc"], request)


def post_ids(response: GetInNetworkPostsResponse) -> list[int]:
    return [post.post_id for post in response.posts]


def test_timeline_within_twenty_seconds_and_nothing_left_behind(demo: Demo) -> None:
    began = time.monotonic()
    answer = demo.answer()

    assert time.monotonic() - began < 20
    assert {post["kind"] for post in answer["posts"]} == {"post", "reply", "repost", "video"}
    assert {post["author_id"] for post in answer["posts"]} <= set(answer["viewer"]["following"])
    times = [post["created_at"] for post in answer["posts"]]
    assert times == sorted(times, reverse=True)
    assert answer["took_ms"] > 0
    assert 0 <= answer["newest_age_s"] < 15
    assert answer["counts"]["events_in"] > answer["counts"]["posts_stored"] > 5000
    assert (answer["counts"]["requests_answered"], answer["counts"]["lag"]) == (1, 0)
    demo.assert_nothing_is_left()


def test_plain_output_names_author_age_and_kind(demo: Demo) -> None:
    done = demo.run("--once", "--seed", "11")

    assert done.returncode == 0, done.stderr
    assert "(seed 11)" in done.stdout
    assert re.search(r"^The timeline of \w+ \w+, who follows 40 people$", done.stdout, re.MULTILINE)
    assert re.search(r"^ +(now|\d+ (s|min|h)) +\w+ \w+ +repost +of \w+ \w+$", done.stdout, re.MULTILINE)
    assert re.search(r"^\d+ posts, answered in [\d.]+ ms, the newest is [\d.]+ s old$", done.stdout, re.MULTILINE)


def test_bluesky_recording_is_moved_to_the_present(demo: Demo) -> None:
    answer = demo.answer("--events", str(RECORDING))

    assert answer["viewer"]["name"] == "did:plc:davexxxxxxxxxxxxxxxxxxxx"
    assert [(post["author"][8:11], post["kind"]) for post in answer["posts"]] == [
        ("ali", "reply"),
        ("ali", "repost"),
        ("ali", "video"),
        ("bob", "video"),
        ("bob", "reply"),
        ("ali", "post"),
    ]
    assert answer["newest_age_s"] < 15
    assert answer["source"]["lines"] == 27
    assert answer["source"]["ignored"]["like"] == 1


def test_own_events_are_served_and_bad_lines_named(demo: Demo, tmp_path: Path) -> None:
    now = int(time.time())
    path = tmp_path / "events.jsonl"
    path.write_text(
        f'{{"tweetCreateEvent": {{"postId": "1", "authorId": "5", "createdAt": "{now - 60}"}}}}\n'
        "this is no event\n"
        f'{{"tweetCreateEvent": {{"postId": "2", "authorId": "6", "createdAt": "{now - 30}"}}}}\n'
        '{"tweetDeleteEvent": {"postId": "1"}}\n'
    )

    done = demo.run("--once", "--json", "--events", str(path))

    answer = json.loads(done.stdout)
    assert [(post["post_id"], post["created_at"]) for post in answer["posts"]] == [(2, now - 30)]
    assert answer["source"]["bad_lines"] == 1
    assert "Line 2 is skipped: not an InNetworkEvent" in done.stderr


@pytest.mark.parametrize(("content", "complaint"), [(None, "cannot read"), ("oops\n", "holds no post to show")])
def test_useless_file_is_refused_before_the_start(
    content: str | None, complaint: str, demo: Demo, tmp_path: Path
) -> None:
    path = tmp_path / "events.jsonl"
    if content is not None:
        path.write_text(content)

    done = demo.run("--once", "--events", str(path))

    assert done.returncode == 2
    assert done.stderr.startswith("thunder demo: ")
    assert complaint in done.stderr
    assert done.stdout == ""


def test_empty_demo_serves_what_others_produce(demo: Demo, thunder: Thunder) -> None:
    grpc_port, http_port = free_port(), free_port()
    ports = ("--grpc-port", str(grpc_port), "--http-port", str(http_port))
    role = demo.start("--empty", "--json", *ports, **FOR_ANOTHER_CLUSTER)
    addresses = addresses_of(role)
    assert addresses.keys() == ADDRESSES
    assert addresses["grpc"] == f"127.0.0.1:{grpc_port}"
    assert addresses["http"] == f"127.0.0.1:{http_port}"
    assert role.status("/readyz") == 200
    with redis.Redis.from_url(addresses["redis"]) as client:
        assert client.ping()

    now = int(time.time())
    refined, raw = LightPost(1, 50, now - 5), LightPost(2, 50, now - 3, has_video=True)
    produce(addresses, addresses["topic_refined"], (event_key(refined), encode_event(refined)))
    produce(addresses, addresses["topic_raw"], (b"2", encode_create(raw)), (b"9", b"poison"))
    ask = asking(addresses, GetInNetworkPostsRequest(user_id=7, following_user_ids=[50]))
    eventually(lambda: post_ids(ask()) == [2, 1], "both posts are served")

    deletion = PostDelete(1, now)
    produce(addresses, addresses["topic_refined"], (event_key(deletion), encode_event(deletion)))
    eventually(lambda: post_ids(ask()) == [2], "one is deleted past the transformer")
    shown = thunder.run("query", "--address", addresses["grpc"], "--following", "50", "--json")
    assert shown.returncode == 0, shown.stderr
    assert [(post["post_id"], post["kind"]) for post in json.loads(shown.stdout)["posts"]] == [(2, "video")]
    produce(addresses, addresses["topic_raw"], (b"2", encode_delete(2)))
    eventually(lambda: post_ids(ask()) == [], "the other is deleted through it")

    assert role.terminate() == 0
    demo.assert_nothing_is_left()


def test_demo_runs_until_ctrl_c(demo: Demo) -> None:
    role = demo.start("--json")

    def answers() -> list[Json]:
        *complete, _ = role.output().split("\n")
        return [json.loads(line) for line in complete if line.startswith('{"viewer')]

    eventually(lambda: len(answers()) >= 4, "several answers were shown", timeout=60)
    first, *_, last = answers()
    assert last["counts"]["events_in"] > first["counts"]["events_in"]
    assert last["counts"]["requests_answered"] > first["counts"]["requests_answered"]
    assert last["posts"][0]["created_at"] >= first["posts"][0]["created_at"]

    role.send(signal.SIGINT)
    assert role.wait() == 0
    assert role.output().count("\nStopping\n") == 1
    demo.assert_nothing_is_left()


def test_printed_query_works_as_printed(demo: Demo, tmp_path: Path) -> None:
    role = demo.start()
    query = role.wait_for_output(r"Ask it yourself: (.+)", timeout=60)[1]
    role.wait_for_output(r"\d+ posts, answered in", timeout=60)
    for program in (os.environ.get("UV"), Path(sys.executable).with_name("thunder")):
        if program is not None:
            (tmp_path / Path(program).name).symlink_to(program)
    environment = demo.environment | {"PATH": os.pathsep.join((str(tmp_path), os.environ["PATH"]))}

    done = subprocess.run(["sh", "-c", query], text=True, capture_output=True, env=environment, cwd=TOP, check=False)

    assert done.returncode == 0, done.stderr
    assert re.search(r"^\d+ posts, the newest", done.stdout, re.MULTILINE)
    assert role.terminate() == 0


@pytest.mark.parametrize(
    ("arguments", "name", "viewers"),
    [((), "Uma Kamau", 300), (("--events", str(RECORDING)), "did:plc:davexxxxxxxxxxxxxxxxxxxx", 1)],
)
def test_live_page_shows_the_same_viewer(arguments: tuple[str, ...], name: str, viewers: int, demo: Demo) -> None:
    role = demo.start(*arguments)
    address, viewer = role.wait_for_output(r"Watch it in a browser: http://(\S+)/#(\d+)", timeout=60).groups()

    def shown() -> Json:
        return page_json(address, f"now?viewer={viewer}")

    timeline = eventually(lambda: shown()["timeline"]["posts"] and shown()["timeline"], "the timeline has filled")
    assert timeline["viewer"]["name"] == name
    assert timeline["posts"][0]["author"]["name"]
    assert shown()["ingest"]["workers"] == 1
    known = page_json(address, "viewers")["viewers"]
    assert {"id": viewer, "name": name, "follows": timeline["viewer"]["follows"]} in known
    assert len(known) == viewers

    assert role.terminate() == 0
    demo.assert_nothing_is_left()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_during_startup_ends_it_cleanly(number: signal.Signals, demo: Demo) -> None:
    role = demo.start("--empty")
    role.wait_for_output("gRPC")

    role.send(number)

    assert role.wait() == 0
    demo.assert_nothing_is_left()


def test_once_without_an_answer_fails(demo: Demo) -> None:
    role = demo.start("--once", "--json")
    role.wait_for_output("gRPC")

    role.send(signal.SIGINT)

    assert role.wait() == 1
    demo.assert_nothing_is_left()


def test_death_of_a_role_ends_the_demo_with_its_last_lines(demo: Demo) -> None:
    role = demo.start("--empty", "--json")
    addresses_of(role)
    server = next(process for process in descendants() if "serve" in process.command.split())

    os.kill(server.pid, signal.SIGKILL)

    assert role.wait() == 1
    assert "thunder demo: serve ended with exit code -9. Its last lines:" in role.output()
    assert "HTTP/gRPC server is ready" in role.output()
    demo.assert_nothing_is_left()


def test_taken_port_is_named(demo: Demo) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        role = demo.start("--empty", "--json", "--grpc-port", str(port))

        assert role.wait() == 1

    assert f"gRPC cannot listen on 127.0.0.1:{port}" in role.output()
    demo.assert_nothing_is_left()


def test_closed_pipe_ends_it_without_an_error(demo: Demo) -> None:
    program = Path(sys.executable).with_name("thunder")
    command = [program, "demo", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=demo.environment) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b'{"viewer')
        process.stdout.close()

        complaints = process.stderr.read()
        assert process.wait(30) == 0

    assert b"Error" not in complaints
    demo.assert_nothing_is_left()
