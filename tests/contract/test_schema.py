"""The .proto is well-formed, and still that of the last release (tests/data/released.txtpb)."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.programs.installed import Progress, Unavailable
from tests.support.programs.node_programs import buf, node_environment

PROTO = Path(__file__).parents[2] / "proto"
RELEASED = Path(__file__).parents[1] / "data" / "released.txtpb"

Check = Callable[[Path], str]
"""Returns the errors in a copy of proto/, one per line."""


@pytest.fixture(scope="module")
def complaints(progress: Progress) -> Callable[..., str]:
    try:
        program = buf(progress)
    except Unavailable as reason:
        pytest.skip(str(reason))

    def complaints(*arguments: str | Path) -> str:
        done = subprocess.run(
            [program, *arguments], env=node_environment(), text=True, capture_output=True, check=False
        )
        assert done.stderr == ""
        return done.stdout

    return complaints


@pytest.fixture
def lint(complaints: Callable[..., str]) -> Check:
    return lambda proto: complaints("lint", proto)


@pytest.fixture
def breaking(complaints: Callable[..., str]) -> Check:
    return lambda proto: complaints("breaking", proto, "--against", RELEASED)


def changed(directory: Path, old: str, new: str) -> Path:
    """A copy of proto/ with another text in it."""
    copy = shutil.copytree(PROTO, directory / "proto")
    schema = copy / "thunder" / "v1" / "in_network.proto"
    text = schema.read_text()
    assert old in text
    schema.write_text(text.replace(old, new))
    return copy


def test_the_schema_keeps_the_rules_of_style(lint: Check) -> None:
    assert lint(PROTO) == ""


def test_the_schema_is_compatible_with_the_released_one(breaking: Check) -> None:
    assert breaking(PROTO) == ""


def test_bad_style_is_noticed(lint: Check, tmp_path: Path) -> None:
    assert "lower_snake_case" in lint(changed(tmp_path, "bool partial =", "bool isPartial ="))


def test_a_field_without_a_comment_is_noticed(lint: Check, tmp_path: Path) -> None:
    assert "should have a non-empty comment" in lint(changed(tmp_path, "  // Id of its author.\n", ""))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("bool partial = 2;", "bool partial = 3;"),
        ("uint32 max_results = 3;", "uint64 max_results = 3;"),
        ("string algorithm = 5;", ""),
        ("bool debug = 6;", "bool verbose = 6;"),
        ("rpc GetInNetworkPosts(", "rpc GetPosts("),
    ],
    ids=["another number", "another type", "no longer there", "another name", "another rpc"],
)
def test_a_break_is_noticed(breaking: Check, tmp_path: Path, old: str, new: str) -> None:
    assert "thunder/v1/in_network.proto:" in breaking(changed(tmp_path, old, new))


def test_a_new_field_is_compatible(breaking: Check, tmp_path: Path) -> None:
    assert breaking(changed(tmp_path, "bool partial = 2;", "bool partial = 2;\n  bool cached = 5;")) == ""
