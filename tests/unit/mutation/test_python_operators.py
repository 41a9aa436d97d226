"""Each operator: exactly these mutants of a few lines, and none of what is left alone."""

import ast
from pathlib import Path

import pytest

from tests.mutation.python_operators import python_mutants


def changes(text: str, operator: str) -> list[str]:
    """The changed lines that an operator makes of a module."""
    return [mutant.key.after for mutant in python_mutants("m.py", text) if mutant.key.operator == operator]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a < b", ["a <= b", "a >= b"]),
        ("a <= b", ["a < b", "a > b"]),
        ("a > b", ["a >= b", "a <= b"]),
        ("a >= b", ["a > b", "a < b"]),
        ("a == b", ["a != b"]),
        ("a != b", ["a == b"]),
        ("a is b", ["a is not b"]),
        ("a is not b", ["a is b"]),
        ("a in b", ["a not in b"]),
        ("a not in b", ["a in b"]),
        ("a < b < c", ["a <= b < c", "a >= b < c", "a < b <= c", "a < b >= c"]),
        ("(a) == (b)", ["(a) != (b)"]),
        ("'ä' == b", ["'ä' != b"]),
    ],
)
def test_comparisons_are_flipped(text: str, expected: list[str]) -> None:
    assert changes(text, "comparison flipped") == expected


@pytest.mark.parametrize(
    "statement", ["call()", "a = b", "a: int = b", "a += b", "del a", "return a", "await a", "yield a"]
)
def test_statements_of_functions_are_dropped(statement: str) -> None:
    assert changes(f"async def f():\n    {statement}", "statement dropped") == ["pass"]
    if not statement.startswith(("return", "await", "yield")):
        assert changes(statement, "statement dropped") == []


@pytest.mark.parametrize("statement", ["continue", "break"])
def test_jumps_are_dropped(statement: str) -> None:
    assert changes(f"def f():\n    while a:\n        {statement}", "statement dropped") == ["pass"]


@pytest.mark.parametrize("statement", ["'''Docstring.'''", "a: int", "import a", "return", "pass", "..."])
def test_what_does_nothing_is_not_dropped(statement: str) -> None:
    assert changes(f"def f():\n    {statement}", "statement dropped") == []


def test_errors_are_swallowed() -> None:
    text = "def f():\n    try:\n        a()\n    except B:\n        c()\n        raise D from None\n"
    assert changes(text, "error swallowed") == ["pass", "pass"]
    mutated = [mutant.mutated for mutant in python_mutants("m.py", text) if mutant.key.operator == "error swallowed"]
    assert mutated == [
        text.replace("c()\n        raise D from None", "pass"),
        text.replace("raise D from None", "pass"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 7", ["a = 8", "a = 6"]),
        ("a[0]", ["a[1]", "a[-1]"]),
        ("a = 0x10", ["a = 17", "a = 15"]),
        ("a = True", []),
        ("a = 1.5", []),
        ("a = '1'", []),
        ("a: Literal[1]", []),
        ("def f(a: Literal[1]) -> Literal[2]: ...", []),
        ("f'{a:>10}{b[3]}'", []),
    ],
)
def test_constants_are_off_by_one(text: str, expected: list[str]) -> None:
    assert changes(text, "constant off by one") == expected


def test_calls_are_swapped() -> None:
    text = "if a:\n    b()\n    c(\n        d\n    )\n    e = f()\n"
    [mutant] = python_mutants("m.py", text)[:1]
    assert mutant.key.operator == "calls swapped"
    assert mutant.mutated == "if a:\n    c(\n        d\n    )\n    b()\n    e = f()\n"


def test_awaited_calls_are_swapped() -> None:
    assert changes("async def f():\n    await a()\n    await b()", "calls swapped") == ["await b() await a()"]


@pytest.mark.parametrize(
    ("text", "swapped"),
    [
        ("self.a.pop(b, None)\nself.c.update(d)", False),
        ("self.a.clear()\nself.a.update(d)", True),
        ("a.append(b)\nc.append(d())", True),
        ("a.append(b)\nc.write(d)", True),
    ],
)
def test_changes_of_two_containers_are_not_swapped(text: str, swapped: bool) -> None:
    assert bool(changes(text, "calls swapped")) == swapped


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("if a: ...", ["if (not (a)): ..."]),
        ("while a(): ...", ["while (not (a())): ..."]),
        ("b if a else c", ["b if (not (a)) else c"]),
        ("[a for a in b if a]", ["[a for a in b if (not (a))]"]),
        ("if not a: ...", ["if (a): ..."]),
        ("not a", ["(a)"]),
        ("a and b and c", ["(a) or (b) or (c)"]),
        ("a or b", ["(a) and (b)"]),
        ("if a < b: ...", []),
        ("while True: ...", []),
    ],
)
def test_conditions_are_negated(text: str, expected: list[str]) -> None:
    assert changes(text, "condition negated") == expected


def test_mutants_name_the_function_that_they_are_in() -> None:
    text = "a = 1\nclass B:\n    c = 1\n    def d(self):\n        return 1\n"
    functions = [mutant.key.function for mutant in python_mutants("m.py", text) if "off by one" in mutant.key.operator]
    assert functions == ["", "", "B", "B", "B.d", "B.d"]


def test_mutants_of_real_modules_are_valid_and_distinct() -> None:
    text = (Path(__file__).parents[3] / "serve" / "timeline" / "merge.py").read_text()
    mutants = python_mutants("merge.py", text)
    assert len(mutants) > 100
    assert len({mutant.mutated for mutant in mutants} | {text}) == len(mutants) + 1
    for mutant in mutants:
        ast.parse(mutant.mutated)
