import json
import re

import pytest
from rich.console import Console

from ingest.sources.rates import Rates, Throughput
from ingest.sources.statistics import Counts, Statistics
from thunder.cli import source_display
from thunder.cli.source_display import SourceDisplay

COUNTS = Counts(10, 4, 0, 0, 0, {"post": 8}, {"like": 2}, {})
STATISTICS = Statistics(COUNTS, 1, Throughput(2.0, Rates(1234, 1200), Rates(5, 2)))


def terminal(*, stderr: bool = False, highlight: bool = True) -> Console:
    return Console(stderr=stderr, highlight=highlight, force_terminal=True, width=200, _environ={"TERM": "xterm"})


def displayed(*, as_json: bool, expected: int | None = None) -> None:
    display = SourceDisplay("bluesky", expected, as_json=as_json)
    display.show(STATISTICS)
    display.end(STATISTICS, COUNTS._replace(sent={"post": 1800}))


def test_in_a_pipe_there_is_a_table_at_the_end_and_no_colour(capsys: pytest.CaptureFixture[str]) -> None:
    displayed(as_json=False)

    out, err = capsys.readouterr()
    assert err == ""
    assert "\x1b" not in out
    assert re.search(r"sent +post +8 +1,800 *$", out, re.MULTILINE)
    assert re.search(r"ignored +like +2 +2 *$", out, re.MULTILINE)
    assert out.endswith("queue 1, in 2.0 s\n")


def test_a_program_gets_one_object_and_people_the_table_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    displayed(as_json=True)

    out, err = capsys.readouterr()
    assert json.loads(out)["sent"] == {"post": 8}
    assert re.search(r"sent +post +8 +1,800 *$", err, re.MULTILINE)


def test_a_source_that_said_nothing_has_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    nothing = Counts(0, 0, 0, 0, 0, {}, {}, {})
    SourceDisplay("jsonl", None, as_json=False).end(Statistics(nothing, 0, STATISTICS.pace), nothing)

    assert capsys.readouterr().out.startswith("jsonl: received 0 ")


@pytest.mark.parametrize(("expected", "bar"), [(20, "10/20"), (None, "")])
def test_on_a_terminal_a_line_shows_rates_and_queue_and_a_bar_when_the_end_is_known(
    expected: int | None, bar: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(source_display, "Console", terminal)
    displayed(as_json=False, expected=expected)

    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", capsys.readouterr().err)
    assert "received 1,234/s · produced 1,200/s · queue 1" in shown
    assert bar in shown
    assert expected is not None or "/20" not in shown


def test_a_source_that_never_began_gives_the_cursor_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(source_display, "Console", terminal)
    SourceDisplay("bluesky", None, as_json=False).close()

    shown = capsys.readouterr().err
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l") > -1
