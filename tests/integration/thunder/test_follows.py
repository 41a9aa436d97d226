"""`thunder follows` on a real Redis and a real Redis Cluster."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import redis

from common.store.keys import KeySpace
from common.store.layout import initialise_layout
from ingest.events import Follow
from tests.support.redis.follow_graph import follow_graph
from tests.support.unused import free_port
from thunder.cli.exit_codes import ExitCode
from thunder.cli.main import main

VIEWER = 2**63 - 1


class Shell:
    """Runs commands on a store."""

    def __init__(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.url = url
        self._capsys = capsys

    def run(self, *words: object, code: int = ExitCode.DONE) -> str:
        """Stdout of the command."""
        assert main(["follows", *map(str, words), "--redis-url", self.url]) == code
        captured = self._capsys.readouterr()
        self.complaints = captured.err
        return captured.out

    def read(self, *words: object, code: int = ExitCode.DONE) -> dict[str, Any]:
        """The object that it prints with --json."""
        return json.loads(self.run(*words, "--json", code=code))

    def followed(self, viewer_id: int = VIEWER) -> list[int]:
        return [follow["target"] for follow in self.read("show", viewer_id)["follows"]]


@pytest.fixture
def shell(store_url: str, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(store_url, capsys)


def test_a_list_is_set_extended_and_shortened(shell: Shell) -> None:
    assert shell.read("set", VIEWER, "20,30,30,40") == {
        "viewer": VIEWER, "follows": 3, "added": 3, "removed": 0, "given_up": 0,
    }  # fmt: skip
    assert shell.run("add", VIEWER, "40,50") == f"{VIEWER} follows 4: 1 added, 0 removed\n"
    assert shell.run("remove", VIEWER, "20,99") == f"{VIEWER} follows 3: 0 added, 1 removed\n"
    assert sorted(shell.followed()) == [30, 40, 50]
    assert shell.run("set", VIEWER, "50,60") == f"{VIEWER} follows 2: 1 added, 2 removed\n"
    assert sorted(shell.followed()) == [50, 60]
    assert shell.run("set", VIEWER, "") == f"{VIEWER} follows 0: 0 added, 2 removed\n"


def test_the_last_command_of_a_second_counts(shell: Shell) -> None:
    for _ in range(3):
        shell.run("add", VIEWER, 20)
        assert shell.followed() == [20]
        shell.run("remove", VIEWER, 20)
        assert shell.followed() == []


def test_a_list_is_shown_newest_first(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "follows.csv"
    file.write_text(f"{VIEWER},20,1700000000\n{VIEWER},30,1600000000\n")
    shell.run("import", file)
    shell.run("add", VIEWER, 40)
    lines = shell.run("show", VIEWER).splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["40", "20", "30"]
    assert lines[3] == f"{VIEWER} follows 3"
    assert shell.read("show", 404) == {"viewer": 404, "follows": []}
    assert shell.run("show", 404) == f"404 follows 0; these viewers have a list: {VIEWER}\n"


def test_import_counts_and_names_bad_lines(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "follows.txt"
    good = [b"1,20,100", b"", b"1,30,101", b'{"viewer_id": 2, "target_id": 20, "follow_id": 9, "at": 100}']
    removal = b'{"viewer_id": 1, "target_id": 20, "at": 102, "removed": true}'
    file.write_bytes(b"\n".join([b"viewer,target,at", *good, removal, *[b"bad"] * 5, b"0,1"]))
    printed = shell.read("import", file)
    assert {name: printed[name] for name in ("lines", "applied", "given_up", "dropped")} == {
        "lines": 11, "applied": 4, "given_up": 0, "dropped": {"not_a_follow": 6, "bad_id": 1},
    }  # fmt: skip
    assert len(printed["examples"]) == 5
    assert "line 1: neither viewer,target[,at] nor a FollowEvent" in shell.complaints
    assert (shell.followed(1), shell.followed(2)) == ([30], [20])
    assert shell.run("import", file).startswith("11 lines, 4 follows and removals applied in")
    assert (shell.followed(1), shell.followed(2)) == ([30], [20])


def test_follows_beyond_the_cap_are_counted(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "many.csv"
    file.write_text("".join(f"{VIEWER},{target},{target}\n" for target in range(1, 10_004)))
    assert "; the oldest 3 evicted: a list holds 10,000; dropped: none" in shell.run("import", file)
    assert shell.followed() == [*range(10_003, 3, -1)]
    assert shell.read("add", VIEWER, "1,2")["given_up"] == 2
    assert shell.followed()[2:] == [*range(10_003, 5, -1)]
    wanted = ",".join(map(str, range(1, 10_011)))
    assert shell.read("set", VIEWER, wanted) == {
        "viewer": VIEWER, "follows": 10_000, "added": 3, "removed": 3, "given_up": 10,
    }  # fmt: skip
    assert sorted(shell.followed()) == [*range(1, 10_001)]


def test_pipe_is_imported_and_a_file_without_follows_refused(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    piped = tmp_path / "piped"
    piped.write_bytes(b"1,20\n")
    with piped.open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        shell.run("import", "-")
    assert shell.followed(1) == [20]
    piped.write_bytes(b"nothing\n")
    assert "dropped: not_a_follow 1" in shell.run("import", piped, code=ExitCode.REFUSED)
    piped.write_bytes(b"")
    shell.run("import", piped)


def test_follows_of_the_topic_are_removed_by_their_target(shell: Shell) -> None:
    with follow_graph(shell.url) as graph:
        graph.write(Follow(VIEWER, 20, 300, 5), Follow(VIEWER, 20, 301, 6), now=7)
    shell.run("remove", VIEWER, 20)
    assert shell.followed() == []


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["set", "17"], "expected VIEWER ID,ID,..., then the flags"),
        (["set", "17", "--json"], "expected VIEWER ID,ID,..., then the flags"),
        (["add", "0", "20"], "VIEWER: should be greater than or equal to 1, not a 1-digit number"),
        (["add", "17", "20,x"], "ID,ID,...: should be a whole number, 0 or above, not text of 1 characters"),
        (["show", str(2**63)], f"VIEWER: should be less than or equal to {2**63 - 1}, not a 19-digit number"),
        (["import", "/nowhere"], "cannot read /nowhere: No such file or directory"),
        (["show", "17", "--grpc-port", "1"], "--grpc-port: thunder follows has no such setting"),
    ],
)
def test_wrong_usage_is_refused(
    words: list[str], complaint: str, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["follows", *words, "--redis-url", redis_url]) == ExitCode.WRONG_USAGE
    assert capsys.readouterr().err == f"thunder follows {words[0]}: {complaint}\n"


def test_a_misspelt_action_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["follows", "ad", "17", "20"]) == ExitCode.WRONG_USAGE
    assert capsys.readouterr().err == "thunder follows: no such command; did you mean add?\n"


def test_the_help_says_what_lasts(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--help"], ["set", "--help"]):
        assert main(["follows", *words]) == ExitCode.DONE
        text = " ".join(capsys.readouterr().out.split())
        assert "`thunder source jsonl` sends follows through Kafka, where they last" in text


def test_a_store_of_other_settings_is_refused(redis_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with redis.Redis.from_url(redis_url) as client:
        initialise_layout(client, KeySpace(buckets=8), 3600)
    assert main(["follows", "set", "17", "20", "--redis-url", redis_url]) == ExitCode.REFUSED
    assert "created with 8 buckets" in capsys.readouterr().err


def test_without_redis_trying_again_may_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["follows", "show", "17", "--redis-url", f"redis://127.0.0.1:{free_port()}"]) == ExitCode.FAILED
    assert "Redis does not answer" in capsys.readouterr().err
