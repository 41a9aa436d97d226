"""docs/rules.md names the function of each rule: file and function exist."""

import ast
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
_ROW = re.compile(r"^\| (?!rule |---)(.+) \| (.+) \|$", re.MULTILINE)
_PLACE = re.compile(r"`([\w/]+\.(?:py|lua)):([\w.]+)`")

RULES = _ROW.findall((TOP / "docs" / "rules.md").read_text(encoding="utf-8"))


def test_page_holds_the_rules() -> None:
    assert len(RULES) >= 46
    assert len({rule for rule, _ in RULES}) == len(RULES)


@pytest.mark.parametrize("place", [place for _, place in RULES])
def test_function_exists(place: str) -> None:
    found = _PLACE.fullmatch(place)
    assert found, f"{place} is not `file:function`"
    file, name = found.groups()
    text = (TOP / file).read_text(encoding="utf-8")
    assert name in (python_names(text) if file.endswith(".py") else lua_names(text)), place


def python_names(text: str) -> set[str]:
    """Functions, classes, and methods as Class.method."""
    names: set[str] = set()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            members = (member for member in node.body if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef))
            names |= {f"{node.name}.{member.name}" for member in members}
    return names


def lua_names(text: str) -> set[str]:
    """Local functions."""
    return set(re.findall(r"^local function (\w+)", text, re.MULTILINE))
