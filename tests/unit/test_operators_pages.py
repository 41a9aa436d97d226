"""docs/operations.md and the runbooks: commands that exist, queries for metrics that there are, none of our modules."""

import re
from pathlib import Path

import pytest

from tests.observability.promql import OF_REDIS_EXPORTER, exported_series, metric_names
from tests.support.command_lines import arguments_of, is_readable

DOCS = Path(__file__).parents[2] / "docs"
RUNBOOKS = sorted((DOCS / "runbooks").glob("*.md"))
PAGES = [DOCS / "operations.md", *RUNBOOKS]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OURS = re.compile(r"\b(?:from|import)\s+(?:common|ingest|serve|thunder|thunder_client)\b")
EXPORTED = exported_series()

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
each_runbook = pytest.mark.parametrize("page", RUNBOOKS, ids=lambda path: path.stem)


def blocks(page: Path, language: str) -> list[str]:
    """Lines of the blocks of a language."""
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [line for kind, text in found if kind == language for line in text.splitlines()]


@each_page
def test_a_page_imports_none_of_our_modules(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "```python" not in text
    assert OURS.findall(text) == []


@each_page
def test_a_page_has_commands_that_thunder_takes(page: Path) -> None:
    lines = [line for line in blocks(page, "sh") if line.startswith("thunder ")]
    assert lines
    assert [line for line in lines if not is_readable(arguments_of(line))] == []


@each_runbook
def test_a_runbook_begins_with_query_and_command(page: Path) -> None:
    look = page.read_text(encoding="utf-8").partition("**Look here**\n\n")[2]
    assert [kind for kind, _ in BLOCK.findall(look)][:2] == ["promql", "sh"]
    assert look.startswith("```promql\n")


@each_runbook
def test_a_query_asks_for_metrics_that_there_are(page: Path) -> None:
    queries = blocks(page, "promql")
    assert queries
    for query in queries:
        assert metric_names(query) <= EXPORTED.keys() | OF_REDIS_EXPORTER
