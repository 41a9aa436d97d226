"""The command line: what is found, what is refused, and with which exit code."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from pkgutil import resolve_name
from typing import cast

import pytest

from common.errors import (
    ConfigurationError,
    KafkaRefused,
    KafkaUnavailable,
    StoreMismatch,
    StoreUnavailable,
    ThunderError,
    TooManyBadMessages,
)
from common.settings.combined import CombinedSettings
from common.settings.ingest import IngestSettings, TransformSettings
from common.settings.serve import ServeSettings
from common.settings.types import Settings
from ingest.sources.bluesky import BlueskySettings
from ingest.sources.jsonl import JsonlSettings
from ingest.sources.synthetic import SyntheticSettings
from ingest.sources.wikipedia import WikipediaSettings
from thunder.cli import runner
from thunder.cli.commands import COMMANDS, Command, CommandGroup, Runner
from thunder.cli.exit_codes import MEANINGS, ExitCode, exit_code_of
from thunder.cli.main import main

PROGRAM = Path(sys.executable).with_name("thunder")
SECRET = "correct-horse"
SOURCES = cast("CommandGroup", COMMANDS["source"])

SERVING = [
    "--is-serving",
    *("--grpc-port", "50051"),
    *("--kafka-group-id", "thunder-serving"),
    *("--auto-offset-reset", "smallest"),
    *("--in-network-events-consumer-dest", "kafka-broker:9092"),
]
BACKGROUND = [
    *("--kafka-group-id", "thunder-processor"),
    *("--sasl-mechanism", "PLAIN"),
    *("--security-protocol", "SASL_SSL"),
]


class Started:
    """Stands in for the roles: keeps the settings that each would have run with."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.settings: list[Settings] = []
        monkeypatch.setattr(runner, "resolve_name", self._find)

    def _find(self, name: str) -> object:
        return resolve_name(name) if name.endswith("Settings") else self._run

    def _run(self, settings: Settings) -> int:
        self.settings.append(settings)
        return ExitCode.DONE


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    for name in ("KAFKA_BROKERS", "KAFKA_SASL_USER", "KAFKA_SASL_PASSWORD", "SASL_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    return Started(monkeypatch)


def test_serving_as_the_guide_writes_it(started: Started) -> None:
    assert main(SERVING) == ExitCode.DONE
    (settings,) = started.settings
    assert isinstance(settings, CombinedSettings)
    assert settings.grpc_port == 50051
    assert settings.kafka_group_id == "thunder-serving"
    assert settings.auto_offset_reset == "smallest"
    assert settings.in_network_events_consumer_dest == "kafka-broker:9092"


def test_background_mode_as_the_guide_writes_it(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_SASL_USER", "your_username")
    monkeypatch.setenv("KAFKA_SASL_PASSWORD", SECRET)
    assert main(BACKGROUND) == ExitCode.DONE
    (settings,) = started.settings
    assert isinstance(settings, TransformSettings)
    assert settings.consumer_connection.mechanism == "PLAIN"
    assert settings.consumer_connection.protocol == "SASL_SSL"
    assert settings.producer_connection == settings.consumer_connection


def test_background_mode_without_credentials_says_what_to_set(
    started: Started, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(BACKGROUND) == ExitCode.WRONG_USAGE
    assert capsys.readouterr().err == (
        "thunder: SASL mechanism PLAIN needs user and password: set KAFKA_SASL_USER and KAFKA_SASL_PASSWORD\n"
    )
    assert not started.settings


def test_the_mode_may_come_from_the_environment(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THUNDER_IS_SERVING", "true")
    main(["--kafka-group-id", "g"])
    main(["--kafka-group-id", "g", "--no-is-serving"])
    assert [type(settings) for settings in started.settings] == [CombinedSettings, TransformSettings]


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        (["transform", "--kafka-group-id", "g"], TransformSettings),
        (["ingest", "--kafka-group-id", "g", "--events", "raw"], IngestSettings),
        (["serve"], ServeSettings),
    ],
)
def test_each_role_has_its_command(started: Started, line: list[str], settings: type[Settings]) -> None:
    assert main(line) == ExitCode.DONE
    assert [type(given) for given in started.settings] == [settings]


def test_every_wrong_setting_has_a_line(started: Started, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ingest", "--http-port", "x"]) == ExitCode.WRONG_USAGE
    assert set(capsys.readouterr().err.splitlines()) == {
        "thunder ingest: --kafka-group-id is required (or THUNDER_KAFKA_GROUP_ID)",
        "thunder ingest: --http-port: should be a valid integer, not text of 1 characters",
    }
    assert not started.settings


def test_a_misspelt_command_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sreve"]) == ExitCode.WRONG_USAGE
    assert capsys.readouterr().err == "thunder: no such command; did you mean serve?\n"
    assert main(["xyzzy"]) == ExitCode.WRONG_USAGE
    assert capsys.readouterr().err == "thunder: no such command; thunder --help lists them\n"


def test_the_overview_names_commands_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == ExitCode.DONE
    text = capsys.readouterr().out
    assert all(f"thunder {name} " in text for name in COMMANDS)
    assert all(meaning in text for meaning in MEANINGS.values())
    assert max(map(len, text.splitlines())) <= 100


def test_help_of_a_role_shows_defaults_but_no_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_SASL_PASSWORD", SECRET)
    monkeypatch.setenv("THUNDER_MISSPELT", "does not matter to --help")
    assert main(["ingest", "--kafka-sasl-password", SECRET, "--help"]) == ExitCode.DONE
    text = " ".join(capsys.readouterr().out.split())
    assert "Usage: thunder ingest --kafka-group-id <text> [flags]" in text
    assert "[default: 1000 ms; environment: THUNDER_FETCH_TIMEOUT_MS]" in text
    assert "environment: THUNDER_KAFKA_SASL_PASSWORD, KAFKA_SASL_PASSWORD, SASL_PASSWORD, or a file named by" in text
    assert "KAFKA_SASL_PASSWORD_FILE, SASL_PASSWORD_FILE]" in text
    assert SECRET not in text


@pytest.mark.parametrize(
    ("line", "usage"),
    [
        (["--is-serving", "-h"], "Usage: thunder --is-serving "),
        (["--kafka-group-id", "g", "--help"], "Usage: thunder transform "),
    ],
)
def test_help_in_the_guides_form(line: list[str], usage: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(line) == ExitCode.DONE
    assert usage in capsys.readouterr().out


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == ExitCode.DONE
    version_line = r"thunder 0\.\S+ \(read core: (native|python), decoder: (native|python)\)\n"
    assert re.fullmatch(version_line, capsys.readouterr().out)


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        (["source", "bluesky", "--replay", "f", "--json"], BlueskySettings),
        (["source", "wikipedia", "--bots", "only", "--from-now"], WikipediaSettings),
        (["source", "synthetic", "--rate", "0", "--topic", "t"], SyntheticSettings),
        (["source", "jsonl", "--file", "-"], JsonlSettings),
    ],
)
def test_each_source_has_its_command(started: Started, line: list[str], settings: type[Settings]) -> None:
    assert main(line) == ExitCode.DONE
    assert [type(given) for given in started.settings] == [settings]


def test_a_misspelt_source_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["source", "blusky"]) == ExitCode.WRONG_USAGE
    assert capsys.readouterr().err == "thunder source: no such command; did you mean bluesky?\n"
    assert main(["source", "xyzzy"]) == ExitCode.WRONG_USAGE
    assert capsys.readouterr().err == "thunder source: no such command; thunder source --help lists them\n"


def test_the_sources_are_listed_when_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["source", "--help"]) == ExitCode.DONE
    usage = capsys.readouterr().out
    assert all(f"thunder source {name} " in usage for name in SOURCES.commands)
    assert main(["source"]) == ExitCode.WRONG_USAGE
    assert capsys.readouterr().err == usage


@pytest.mark.parametrize("name", SOURCES.commands)
def test_help_of_a_source_names_its_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["source", name, "--help"]) == ExitCode.DONE
    assert f"Usage: thunder source {name} " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError, ExitCode.WRONG_USAGE),
        (KafkaRefused, ExitCode.REFUSED),
        (StoreMismatch, ExitCode.REFUSED),
        (TooManyBadMessages, ExitCode.REFUSED),
        (KafkaUnavailable, ExitCode.FAILED),
        (StoreUnavailable, ExitCode.FAILED),
    ],
)
def test_exit_codes_tell_what_to_do(
    error: type[ThunderError], code: ExitCode, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code_of(error()) is code

    def end(_arguments: list[str]) -> int:
        raise error

    def find(_name: str) -> Callable[[list[str]], int]:
        return end

    monkeypatch.setitem(COMMANDS, "serve", Command("", "", "", Runner.WRAPPER))
    monkeypatch.setattr(runner, "resolve_name", find)
    assert main(["serve"]) == code
    assert capsys.readouterr().err == f"thunder serve: {error.__doc__}\n"


def test_the_error_of_a_running_role_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ends: list[Exception] = [KafkaRefused("wrong password"), ZeroDivisionError("oops")]

    def run(_settings: Settings) -> int:
        raise ends.pop(0)

    def find(name: str) -> object:
        return resolve_name(name) if name.endswith("Settings") else run

    monkeypatch.setattr(runner, "resolve_name", find)
    assert main(["serve"]) == ExitCode.REFUSED
    assert caplog.messages == ["wrong password"]
    assert main(["serve"]) == ExitCode.FAILED
    assert "ZeroDivisionError: oops" in caplog.text


def test_ctrl_c_ends_a_command_quietly(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_settings: Settings) -> int:
        raise KeyboardInterrupt

    def find(name: str) -> object:
        return resolve_name(name) if name.endswith("Settings") else interrupted

    monkeypatch.setattr(runner, "resolve_name", find)
    assert main(["follows", "import", "-"]) == ExitCode.INTERRUPTED
    assert capsys.readouterr().err == ""


def test_a_closed_pipe_ends_a_command_quietly() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        done = subprocess.run([PROGRAM, "--help"], stdout=closed, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (ExitCode.DONE, b"")
