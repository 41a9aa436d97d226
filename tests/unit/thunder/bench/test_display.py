import json

import pytest

from thunder.bench import display

READ = {
    "rows": [
        {
            "follows": 50,
            "max_results": 1200,
            "cache": False,
            "core": "python",
            "requests_per_cpu_second": 212.3,
            "ratio_to_naive": 3.7,
            "server_ms": 4.1,
            "redis_ms": 0.6,
            "p50_ms": 15.0,
            "p99_ms": 20.0,
            "bytes": 52_000.0,
            "commands": 252.0,
        }
    ],
    "floor_ms": 0.28,
}


def shown(name: str, figures: display.Figures, before: display.Figures, monkeypatch: pytest.MonkeyPatch) -> None:
    def accepted(_name: str) -> display.Figures:
        return before

    monkeypatch.setattr(display, "accepted", accepted)
    monkeypatch.setenv("COLUMNS", "120")
    display.show(name, figures)


def test_accepted_figures_stand_beside_new_ones(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = json.loads(json.dumps(READ).replace("212.3", "190.4").replace("0.28", "0.25"))
    shown("read", READ, before, monkeypatch)
    output = capsys.readouterr().out
    assert "212 (190)" in output
    assert "0.28 (0.25)" in output


def test_figures_are_shown_without_accepted_ones(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown("memory", {"bytes_per_post": {"50": 96.4, "5": 120.8}, "posts": 1_000_000}, {}, monkeypatch)
    output = capsys.readouterr().out
    assert "96.4" in output
    assert "bytes per post 5" in output


def test_a_narrow_terminal_cuts_no_number(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    shown("read", READ, {}, monkeypatch)
    monkeypatch.setenv("COLUMNS", "60")
    display.show("read", READ)
    assert "…" not in capsys.readouterr().out
