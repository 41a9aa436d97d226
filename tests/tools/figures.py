"""Prints the sizes of rooms, files and functions: python -m tests.tools.figures.

Files count lines, functions the lines of their bodies without the docstring. Generated code does not count.
"""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PACKAGES = ("common", "ingest", "serve", "thunder")


class Sized(NamedTuple):
    """A file or a function, and its lines."""

    lines: int
    name: str


def modules_of(package: str) -> list[Path]:
    """Modules of a package, without guides and generated code."""
    found = sorted((ROOT / package).rglob("*.py"))
    return [module for module in found if module.name != "__init__.py" and "pb" not in module.parts]


def functions_of(module: Path) -> Iterator[Sized]:
    """Yield the functions and methods of a module, nested ones too."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            lines = (node.end_lineno or node.lineno) - body[0].lineno + 1 if body else 0
            yield Sized(lines, f"{module.relative_to(ROOT)}:{node.name}")


def line(title: str, sizes: Sequence[Sized]) -> str:
    """Number, median and largest of these."""
    largest = max(sizes)
    middle = median(sized.lines for sized in sizes)
    return f"  {len(sizes):>4} {title:<9} median {middle:>5g}, largest {largest.lines} {largest.name}"


def main() -> None:
    for package in PACKAGES:
        modules = modules_of(package)
        print(package)
        print(line("files", [Sized(len(m.read_text().splitlines()), str(m.relative_to(ROOT))) for m in modules]))
        print(line("functions", [function for module in modules for function in functions_of(module)]))
        for folder in sorted({module.parent for module in modules}):
            print(f"  {sum(module.parent == folder for module in modules):>4} modules in {folder.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
