"""Folders are rooms: small enough to be seen at a glance, each with a guide, and nothing in them is left over."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ingest.sources.catalogue import built_in

ROOT = Path(__file__).parents[2]
CLIENT = "clients/python"
"""Folder of the client's package."""

PACKAGES = ("common", "ingest", "serve", "thunder", f"{CLIENT}/thunder_client")
GENERATED = ROOT / "common" / "pb"
BUILD_HOOK = ROOT / "common" / "native" / "build_hook.py"
"""Run by hatchling alone: it does not travel in the wheel."""

MOST_MODULES = 15
ENTRIES = ("thunder.cli.process", "thunder.health_check", "thunder.embedded.leash", "thunder_client.fake_server")
"""Of `thunder`, of the image's health check, of each child process, of the tests of callers."""

SOURCES = tuple(f"ingest.sources.{name}" for name in built_in())
"""Packages that the catalogue finds."""

MODULES = [
    module
    for package in PACKAGES
    for module in sorted((ROOT / package).rglob("*.py"))
    if GENERATED not in module.parents and module != BUILD_HOOK
]


def test_folders_hold_few_modules() -> None:
    counts = Counter(str(module.parent.relative_to(ROOT)) for module in MODULES if module.name != "__init__.py")
    assert "common/store" in counts
    assert {folder: count for folder, count in counts.items() if count > MOST_MODULES} == {}


def test_packages_have_a_guide() -> None:
    folders = {module.parent for module in MODULES}
    guides = {folder: ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or "" for folder in folders}
    assert [str(folder) for folder, guide in guides.items() if len(guide.splitlines()) < 2] == []


def test_every_module_serves_a_command() -> None:
    """What only the repository needs, such as a generator, would travel in the wheel."""
    files = {name_of(module): module for module in MODULES}
    reached = set[str]()
    waiting = [*ENTRIES, *SOURCES]
    while waiting:
        name = waiting.pop()
        if name in files and name not in reached:
            reached.add(name)
            waiting += [*names_in(files[name]), name.rpartition(".")[0]]
    assert sorted(files.keys() - reached) == []


def name_of(module: Path) -> str:
    top = ROOT / CLIENT if module.is_relative_to(ROOT / CLIENT) else ROOT
    return ".".join(module.relative_to(top).with_suffix("").parts).removesuffix(".__init__")


def names_in(module: Path) -> Iterator[str]:
    """Yield what may be modules: imported names, and strings such as "package.module:function"."""
    for node in ast.walk(ast.parse(module.read_text())):
        match node:
            case ast.Import(names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(package), names=names):
                yield package
                yield from (f"{package}.{alias.name}" for alias in names)
            case ast.Constant(value=str(text)):
                yield text.partition(":")[0]
            case _:
                pass
