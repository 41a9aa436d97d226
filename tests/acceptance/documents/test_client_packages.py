"""The client packages as callers install them: their own tests, and the programs of their READMEs as written there."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from common.post import LightPost
from tests.acceptance.documents.example_clients import client_tools, copy_clients
from tests.support.kafka.refined_topic import recent_posts
from tests.support.processes.thunder import Role, Thunder
from tests.support.programs.installed import Progress, Unavailable
from tests.support.programs.node_programs import buf
from tests.support.redis.filled_store import fill_store

CLIENTS = Path(__file__).parents[3] / "clients"
ADDRESS = "localhost:50051"
AUTHOR = 2

compiled = pytest.mark.everything  # Go and Node compile or fetch what they need

Run = Callable[..., str]


@pytest.fixture
def posts() -> list[LightPost]:
    return sorted(recent_posts(1, 3, AUTHOR), key=lambda post: (-post.created_at, -post.post_id))


@pytest.fixture
def server(thunder: Thunder, redis_url: str, posts: list[LightPost]) -> Role:
    fill_store(redis_url, posts)
    role = thunder.start("serve", "--redis-url", redis_url)
    role.wait_until_ready()
    return role


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with clients/ in thunder/, and room for programs beside it."""
    folder = tmp_path_factory.mktemp("packages")
    copy_clients(folder / "thunder" / "clients")
    return folder


@pytest.fixture(scope="module")
def run(checkout: Path) -> Run:
    """Run a line of a shell in a folder of the checkout, which is made, and return its output."""
    try:
        environment = client_tools(checkout / "bin")
    except Unavailable as reason:
        pytest.skip(str(reason))

    def run(line: str, folder: str) -> str:
        (checkout / folder).mkdir(exist_ok=True)
        command = ["bash", "-euo", "pipefail", "-c", line]
        done = subprocess.run(
            command, cwd=checkout / folder, env=environment, text=True, capture_output=True, check=False, timeout=240
        )
        assert done.returncode == 0, f"{line}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    return run


def block(language: str, kind: str, number: int = 0) -> str:
    """A block of the README of a language."""
    blocks = re.findall(rf"```{kind}\n(.*?)```", (CLIENTS / language / "README.md").read_text(), re.DOTALL)
    return blocks[number]


def program(language: str, kind: str, server: Role) -> str:
    text = block(language, kind)
    assert ADDRESS in text
    return text.replace(ADDRESS, f"localhost:{server.grpc_port}")


def expected(posts: list[LightPost]) -> str:
    return "".join(f"{post.post_id} {post.author_id} {post.created_at}\n" for post in posts) + "0 new posts\n"


def test_the_python_program_of_the_readme_works(server: Role, posts: list[LightPost]) -> None:
    command = [sys.executable, "-W", "error", "-c", program("python", "python", server)]
    assert subprocess.run(command, text=True, capture_output=True, check=True).stdout == expected(posts)


def test_the_fake_server_of_the_readme_works() -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", block("python", "python", 1)], check=True)


@compiled
def test_the_go_module_passes_its_tests(run: Run) -> None:
    assert run("gofmt -l . && go vet ./... && go mod verify >/dev/null", "thunder/clients/go") == ""
    assert "ok" in run("go test ./...", "thunder/clients/go")
    run("go mod tidy -diff", "thunder/clients/go")


@compiled
def test_committed_go_code_is_what_the_compiler_makes(run: Run, checkout: Path, progress: Progress) -> None:
    (checkout / "thunder" / "proto").symlink_to(CLIENTS.parent / "proto")
    run(f"{buf(progress)} generate", "thunder/clients/go")
    made, committed = (folder / "go" / "pb" for folder in (checkout / "thunder" / "clients", CLIENTS))
    files = {path.relative_to(made): path.read_text() for path in made.rglob("*.go")}
    assert files == {path.relative_to(committed): path.read_text() for path in committed.rglob("*.go")} != {}


@compiled
def test_a_go_program_imports_the_module(run: Run, checkout: Path, server: Role, posts: list[LightPost]) -> None:
    run("go mod init consumer", "consumer-go")
    (checkout / "consumer-go" / "main.go").write_text(program("go", "go", server))
    run(block("go", "sh"), "consumer-go")
    assert run("go run .", "consumer-go") == expected(posts)


@compiled
def test_the_node_package_passes_its_tests(run: Run) -> None:
    run("npm ci", "thunder/clients/node")
    assert "fail 0" in run("npm test", "thunder/clients/node")
    run("npm run types", "thunder/clients/node")


@compiled
def test_a_node_program_requires_the_package(run: Run, checkout: Path, server: Role, posts: list[LightPost]) -> None:
    """Packed as for a release: the files that package.json names are all there."""
    run("npm pack ../thunder/clients/node && npm install ./thunder-client-*.tgz", "consumer-node")
    (checkout / "consumer-node" / "main.js").write_text(program("node", "js", server))
    assert run("node main.js", "consumer-node") == expected(posts)
