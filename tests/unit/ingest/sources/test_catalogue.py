"""The catalogue holds the sources of this distribution and of others, and is not hurt by those that are broken."""

import sys
from pathlib import Path

import pytest

from common.settings.schema import settings_of
from ingest.sources.bluesky import BlueskySettings
from ingest.sources.catalogue import Catalogue, built_in, catalogue, own_settings, prefix_of
from tests.support.sources.distribution import GUIDE, install, install_example_of_guide

EXAMPLE = GUIDE.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
MODULE = "thunder_ticker"


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    return tmp_path


def found() -> Catalogue:
    """The catalogue of now."""
    return catalogue.__wrapped__()


def test_the_sources_of_this_distribution_are_found() -> None:
    assert built_in().keys() >= {"bluesky", "jsonl", "synthetic", "wikipedia"}
    assert found() == (built_in(), {})
    assert found().kind_of(BlueskySettings()) is built_in()["bluesky"]


@pytest.mark.parametrize("name", built_in())
def test_own_settings_carry_the_name_of_the_source(name: str) -> None:
    own = own_settings(built_in()[name].settings)
    assert own
    assert {setting.environment_prefix for setting in own} == {prefix_of(name)}


def test_the_example_of_the_guide_is_added(directory: Path) -> None:
    install_example_of_guide(directory)
    kinds, broken = found()

    assert (broken, kinds["ticker"].origin) == ({}, "thunder_ticker 1.5")
    assert {setting.name for setting in own_settings(kinds["ticker"].settings)} == {"author", "ticks"}
    settings = kinds["ticker"].settings.model_validate({"author": 7, "ticks": 1})
    opened = kinds["ticker"].opened(settings)
    (first, *_) = opened.source.listen("", lambda: False)
    assert (opened.source.name, first.label, opened.is_live) == ("ticker", "post", False)
    assert "THUNDER_TICKER_AUTHOR" in {name for each in settings_of(type(settings)) for name in each.variables}


@pytest.mark.parametrize(
    ("code", "flaw"),
    [
        ("import nowhere", "ModuleNotFoundError: No module named 'nowhere'"),
        ("raise SystemExit('bye')", "SystemExit: bye"),
        ("def f(:", "SyntaxError: invalid syntax"),
        ("pass", "AttributeError: module 'thunder_ticker' has no attribute 'SOURCE'"),
        ("SOURCE = 'source'", "thunder_ticker:SOURCE is no SourceKind"),
        (EXAMPLE + "SOURCE = SOURCE._replace(settings=int)", "its settings are no subclass of SourceSettings"),
        (
            EXAMPLE.replace('"TICKER_"', '""'),
            "its setting author must have the environment_prefix TICKER_",
        ),
    ],
)
def test_a_source_that_is_broken_is_named_and_costs_no_other(directory: Path, code: str, flaw: str) -> None:
    install(directory, MODULE, code)
    kinds, broken = found()

    assert kinds == built_in()
    assert broken["ticker"].startswith(f"The source ticker of thunder_ticker 1.5 cannot be used: {flaw}")


@pytest.mark.parametrize(
    ("name", "flaw"),
    [
        ("bluesky", "Thunder has a source of this name"),
        ("Ticker", "its name must be a word of lower-case letters"),
    ],
)
def test_a_name_that_cannot_be_a_command_is_refused(directory: Path, name: str, flaw: str) -> None:
    install(directory, MODULE, EXAMPLE, name)
    kinds, broken = found()

    assert kinds == built_in()
    assert flaw in broken[name]


def test_a_second_source_of_a_name_is_refused(directory: Path) -> None:
    install(directory, MODULE, EXAMPLE)
    install(directory, "another_ticker", EXAMPLE)
    kinds, broken = found()

    assert kinds.keys() - built_in().keys() == {"ticker"}
    assert "1.5 has a source of this name" in broken["ticker"]


def test_a_variable_of_a_role_is_not_given_away(directory: Path) -> None:
    code = EXAMPLE.replace('"TICKER_"', '"REDIS_"').replace("ticks", "url")
    install(directory, MODULE, code, "redis")

    assert "THUNDER_REDIS_URL of its setting url belongs to another source" in found().broken["redis"]
