"""The commands of grpcurl and ghz in docs/, as they are written there."""

import json
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.kafka.refined_topic import recent_posts
from tests.support.processes.thunder import Role, Thunder
from tests.support.programs.go_tools import GHZ, GRPCURL, GoTool
from tests.support.redis.filled_store import fill_store

TOP = Path(__file__).parents[3]
PAGES = "".join((TOP / "docs" / page).read_text(encoding="utf-8") for page in ("wire-contract.md", "performance.md"))
AUTHOR = 2

Run = Callable[[GoTool, str], str]


@pytest.fixture
def server(thunder: Thunder, redis_url: str) -> Role:
    fill_store(redis_url, recent_posts(1, 3, AUTHOR))
    role = thunder.start("serve", "--redis-url", redis_url, "--reflection")
    role.wait_until_ready()
    return role


@pytest.fixture
def run(built: Callable[[GoTool], Path], server: Role) -> Run:
    def run(tool: GoTool, words: str) -> str:
        _, *arguments = shlex.split(command(tool, words), comments=True)
        assert "localhost:50051" in arguments
        arguments = [argument.replace("localhost:50051", f"localhost:{server.grpc_port}") for argument in arguments]
        done = subprocess.run(
            [built(tool), *arguments], cwd=TOP, text=True, capture_output=True, check=False, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


def command(tool: GoTool, words: str) -> str:
    """The only command of the tool with these words in it, on one line."""
    lines = re.findall(rf"^{tool.name} .*", PAGES.replace("\\\n", ""), re.MULTILINE)
    (found,) = [line for line in lines if words in line]
    return found


def test_grpcurl_asks_for_posts(run: Run) -> None:
    posts = json.loads(run(GRPCURL, "-proto"))["posts"]
    assert [post["authorId"] for post in posts] == [str(AUTHOR)] * 3


def test_grpcurl_asks_for_the_schema(run: Run) -> None:
    assert "repeated uint64 following_user_ids = 2;" in run(GRPCURL, "describe")


def test_ghz_loads_a_server(run: Run, server: Role) -> None:
    assert re.search(r"\[OK\] +1000 responses", run(GHZ, "--call"))
    assert server.metrics().value("get_in_network_posts_count_count") == 1000
