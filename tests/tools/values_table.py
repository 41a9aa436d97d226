"""Writes the table of values into helm/README.md from helm/values.yaml: python -m tests.tools.values_table.

A test compares the file with what this module makes.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, cast

import yaml
from yaml import MappingNode, Node, ScalarNode

CHART = Path(__file__).parents[2] / "helm"
PAGE = CHART / "README.md"
_BEGIN = "<!-- values: uv run python -m tests.tools.values_table -->\n"
_END = "<!-- end of values -->\n"


class Value(NamedTuple):
    """A value of the chart: its path, its default as YAML on one line, and the comment beside or above it."""

    path: str
    default: str
    comment: str


def values() -> list[Value]:
    """All values that can be set, in the order of the file; a table without entries is one value."""
    text = (CHART / "values.yaml").read_text(encoding="utf-8")
    root = yaml.compose(text)
    assert isinstance(root, MappingNode)
    comments: dict[str, str] = {}  # of a value with the same name under a role above
    found: list[Value] = []
    for value in _leaves(root, "", text.splitlines()):
        _, _, name = value.path.partition(".")
        comment = value.comment or comments.get(name, "")
        comments.setdefault(name, comment)
        found.append(value._replace(comment=comment))
    return found


def with_table(page: str) -> str:
    """The page with the table of today."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return "".join([before, _BEGIN, *_table(), _END, after])


def _table() -> Iterator[str]:
    yield "| value | default | meaning |\n|---|---|---|\n"
    for value in values():
        yield f"| `{value.path}` | `{value.default}` | {value.comment} |\n"


def _leaves(table: MappingNode, path: str, lines: list[str]) -> Iterator[Value]:
    for name, node in cast("list[tuple[ScalarNode, Node]]", table.value):
        own = f"{path}{name.value}"
        row = name.start_mark.line
        comment = _beside(lines[row], node) or _above(lines, row)
        if isinstance(node, MappingNode) and node.value and not node.flow_style:
            first, *others = _leaves(node, f"{own}.", lines)
            yield first._replace(comment=first.comment or comment)  # what is said of a table is said of it once
            yield from others
        else:
            yield Value(own, _default(node), comment)


def _beside(line: str, node: Node) -> str:
    """Comment behind a value on its line."""
    ends_here = isinstance(node, ScalarNode) or node.start_mark.line == node.end_mark.line
    _, _, comment = line[node.end_mark.column if ends_here else len(line) :].partition("# ")
    return comment


def _above(lines: list[str], row: int) -> str:
    """Comment on the lines right above."""
    first = row
    while first and lines[first - 1].lstrip().startswith("# "):
        first -= 1
    return " ".join(line.lstrip().removeprefix("# ") for line in lines[first:row])


def _default(node: Node) -> str:
    return json.dumps(yaml.SafeLoader("").construct_object(node, deep=True))


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
