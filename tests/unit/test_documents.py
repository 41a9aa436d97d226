"""Documents and the docstrings of modules name files, modules and symbols: all of them exist."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
DOCUMENTS = sorted(
    document
    for pattern in ("*.md", "docs/**/*.md", "clients/*.md", "clients/*/*.md", "helm/*.md")
    for document in TOP.glob(pattern)
)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_PATH = re.compile(r"(?<![\w./-])(?:common|ingest|serve|thunder|clients|tests|lua|proto|docs|helm)/[\w./-]*\w")
_RUN = re.compile(r"\bpython -m ((?:tests|thunder)[\w.]*)")
_PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"(?<![\w/.])[\w/]+\.(?:py|lua)\b")

of_each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(TOP)))


@of_each_document
def test_links_lead_to_files_and_headings(document: Path) -> None:
    for target in _LINK.findall(document.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        path = (document.parent / name) if name else document
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


@of_each_document
def test_paths_in_the_text_exist(document: Path) -> None:
    for path in _PATH.findall(document.read_text(encoding="utf-8")):
        assert (TOP / path).exists(), path


@of_each_document
def test_modules_to_run_exist(document: Path) -> None:
    for module in _RUN.findall(document.read_text(encoding="utf-8")):
        assert importlib.util.find_spec(module), module


@of_each_document
def test_python_imports_what_exists(document: Path) -> None:
    for program in _PYTHON.findall(document.read_text(encoding="utf-8")):
        for node in ast.walk(ast.parse(program)):
            if isinstance(node, ast.ImportFrom):
                module = importlib.import_module(node.module or "")
                assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == [], node.module


@pytest.mark.parametrize("package", ["common", "ingest", "serve", "thunder", "clients/python/thunder_client"])
def test_files_named_by_modules_exist(package: str) -> None:
    for module in (TOP / package).rglob("*.py"):
        docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
        for name in _FILE.findall(docstring):
            assert any((folder / name).exists() for folder in (module.parent, module.parents[1], TOP)), (module, name)


def anchors(document: Path) -> set[str]:
    """Anchors of the headings, as GitHub makes them."""
    headings = _HEADING.findall(document.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
