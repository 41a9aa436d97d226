"""Texts begin with what a thing does or is, and use common words."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).parents[2]
PACKAGES = ("common", "ingest", "serve", "thunder", "clients/python/thunder_client")
MODULES = [
    module for package in PACKAGES for module in sorted((TOP / package).rglob("*.py")) if "pb" not in module.parts
]
CLIENT_PAGES = [TOP / "clients" / "README.md", *sorted(TOP.glob("clients/*/README.md"))]
TEXTS = [*MODULES, *sorted(TOP.glob("lua/*.lua")), *sorted(TOP.glob("docs/**/*.md")), *CLIENT_PAGES, TOP / "README.md"]

CLAUSE = re.compile(r"(What|How|Who|Whom|Where|When|Which|Why|See)\b")
UNCOMMON = re.compile(
    r"\b(anew|mend(ed|s)?|be it|whoever|whatever|nobody|somebody|borne|so many|so long)\b", re.IGNORECASE
)


def docstrings(module: Path) -> Iterator[str]:
    """Yield docstrings, those below attributes too."""
    for node in ast.walk(ast.parse(module.read_text())):
        match node:
            case ast.Expr(ast.Constant(str(text))):
                yield text.strip()
            case _:
                pass


def test_docstrings_begin_with_a_verb_or_a_noun() -> None:
    assert [(str(module), text) for module in MODULES for text in docstrings(module) if CLAUSE.match(text)] == []


def test_texts_use_common_words() -> None:
    lines = ((f"{path}:{at}", line) for path in TEXTS for at, line in enumerate(path.read_text().splitlines(), start=1))
    assert [(where, line) for where, line in lines if UNCOMMON.search(line)] == []
