"""One name, one meaning: no two modules of the packages define the same public class or function."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("common", "ingest", "serve", "thunder", "clients/python/thunder_client")
GENERATED = ROOT / "common" / "pb"
ENTRY_POINT = "main"


def _modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (path for path in (ROOT / package).rglob("*.py") if GENERATED not in path.parents)


def _public_definitions(source: str) -> Iterator[str]:
    """Yields public classes at any depth, and public functions of the module itself."""
    tree = ast.parse(source)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    definitions = (*(function for function in functions if not _is_overload(function)), *classes)
    yield from (node.name for node in definitions if not node.name.startswith("_"))


def _is_overload(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(decorator, ast.Name) and decorator.id == "overload" for decorator in function.decorator_list)


def test_public_names_are_unique() -> None:
    modules_of: defaultdict[str, list[str]] = defaultdict(list)
    for module in _modules():
        for name in _public_definitions(module.read_text(encoding="utf-8")):
            modules_of[name].append(str(module.relative_to(ROOT)))
    assert "LightPost" in modules_of
    shared = {name: modules for name, modules in modules_of.items() if len(modules) > 1 and name != ENTRY_POINT}
    assert shared == {}


def test_definitions_of_a_module_are_found() -> None:
    source = (
        "class A:\n    class B: ...\n    def method(self): ...\n"
        "@overload\ndef c(): ...\nasync def c(): ...\ndef _d(): ...\nclass _E: ...\n"
    )
    assert sorted(_public_definitions(source)) == ["A", "B", "c"]
