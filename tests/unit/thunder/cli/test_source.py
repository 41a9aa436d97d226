import json
import re

import pytest
from rich.console import Console

from ingest.sources.rates import Rates, Throughput
from ingest.sources.statistics import Counts, Statistics
from thunder.cli import source
from thunder.cli.source import CountRow, SourceDisplay, count_rows, source_as_json, source_summary

COUNTS = Counts(10, 4, 0, 0, 0, {"post": 8}, {"like": 2}, {})
STATISTICS = Statistics(COUNTS, 1, Throughput(2.0, Rates(1234, 1200), Rates(5, 2)))


def terminal(*, stderr: bool = False, highlight: bool = True) -> Console:
    return Console(stderr=stderr, highlight=highlight, force_terminal=True, width=200, _environ={"TERM": "xterm"})


def displayed(*, as_json: bool, expected: int | None = None) -> None:
    display = SourceDisplay("bluesky", expected, as_json=as_json)
    display.show(STATISTICS)
    display.end(STATISTICS, COUNTS._replace(sent={"post": 1800}))


def test_a_pipe_gets_a_table_without_colour(capsys: pytest.CaptureFixture[str]) -> None:
    displayed(as_json=False)

    out, err = capsys.readouterr()
    assert err == ""
    assert "\x1b" not in out
    assert re.search(r"sent +post +8 +1,800 *$", out, re.MULTILINE)
    assert re.search(r"ignored +like +2 +2 *$", out, re.MULTILINE)
    assert out.endswith("queue 1, in 2.0 s\n")


def test_json_is_on_stdout_and_the_table_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    displayed(as_json=True)

    out, err = capsys.readouterr()
    assert json.loads(out)["sent"] == {"post": 8}
    assert re.search(r"sent +post +8 +1,800 *$", err, re.MULTILINE)


def test_a_source_without_events_has_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    nothing = Counts(0, 0, 0, 0, 0, {}, {}, {})
    SourceDisplay("jsonl", None, as_json=False).end(Statistics(nothing, 0, STATISTICS.pace), nothing)

    assert capsys.readouterr().out.startswith("jsonl: received 0 ")


@pytest.mark.parametrize(("expected", "bar"), [(20, "10/20"), (None, "")])
def test_a_terminal_shows_rates_and_a_bar_when_the_end_is_known(
    expected: int | None, bar: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(source, "Console", terminal)
    displayed(as_json=False, expected=expected)

    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", capsys.readouterr().err)
    assert "received 1,234/s · produced 1,200/s · queue 1" in shown
    assert bar in shown
    assert expected is not None or "/20" not in shown


def test_no_number_is_cut_on_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def narrow(*, stderr: bool = False, highlight: bool = True) -> Console:
        return Console(stderr=stderr, highlight=highlight, force_terminal=True, width=40, _environ={"TERM": "xterm"})

    monkeypatch.setattr(source, "Console", narrow)
    displayed(as_json=False, expected=20_000_000)

    out, err = capsys.readouterr()
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", out + err)
    assert "…" not in shown
    assert all(number in shown for number in ("1,234/s", "1,200/s", "1,800", "10/20000000"))


def test_the_cursor_comes_back(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(source, "Console", terminal)
    SourceDisplay("bluesky", None, as_json=False).close()

    shown = capsys.readouterr().err
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l") > -1


MANY = Counts(10, 4, 1, 2, 0, {"reply": 1, "post": 5}, {"like": 2}, {"queue_full": 2})
TOTALS = Counts(100, 40, 1, 2, 0, {"post": 50, "reply": 50, "video": 7}, {"like": 2}, {"queue_full": 2})
RUN = Statistics(MANY, 1, Throughput(8.0004, Rates(3, 3), Rates(1.25, 0.5)))


def test_rows_of_a_fate_are_ordered_by_count() -> None:
    assert count_rows(MANY, TOTALS) == [
        CountRow("sent", "post", 5, 50),
        CountRow("sent", "reply", 1, 50),
        CountRow("sent", "video", 0, 7),
        CountRow("ignored", "like", 2, 2),
        CountRow("dropped", "queue_full", 2, 2),
    ]


def test_without_redis_there_are_the_counts_of_this_run() -> None:
    assert count_rows(MANY, None)[:2] == [CountRow("sent", "post", 5, None), CountRow("sent", "reply", 1, None)]


def test_a_label_that_is_new_to_redis_has_a_row() -> None:
    assert CountRow("sent", "reply", 1, 0) in count_rows(MANY, TOTALS._replace(sent={"post": 50}))


def test_json_holds_every_number() -> None:
    assert source_as_json("bluesky", RUN, None) == {
        "source": "bluesky",
        "received": 10,
        "produced": 4,
        "failed": 1,
        "sent": {"post": 5, "reply": 1},
        "ignored": {"like": 2},
        "dropped": {"queue_full": 2},
        "bad_dates": 2,
        "reconnects": 0,
        "rates": {"received_per_second": 1.2, "produced_per_second": 0.5},
        "seconds": 8.0,
        "totals": None,
    }
    assert source_as_json("bluesky", RUN, TOTALS)["totals"] == TOTALS._asdict()


def test_the_summary_names_problems_only_when_there_are_some() -> None:
    assert source_summary("bluesky", RUN) == (
        "bluesky: received 10 (1/s), produced 4 (0/s), queue 1, failed 1, bad dates 2, in 8.0 s"
    )
    fine = RUN._replace(counts=MANY._replace(failed=0, bad_dates=0))
    assert source_summary("x", fine).endswith("queue 1, in 8.0 s")
