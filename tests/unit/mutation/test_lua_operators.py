"""Each operator: exactly these mutants of a few lines, and none of what is left alone."""

import pytest

from tests.mutation.lua_operators import lua_mutants


def changes(text: str, operator: str) -> list[str]:
    """The changed lines that an operator makes of a script."""
    return [mutant.key.after for mutant in lua_mutants("s.lua", text) if mutant.key.operator == operator]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("return a < b", ["return a <= b", "return a >= b"]),
        ("return a == b", ["return a ~= b"]),
        ("return a ~= b", ["return a == b"]),
        ("return a >= b", ["return a > b", "return a < b"]),
        ("a = b", []),
        ("a = '<' -- b < c", []),
    ],
)
def test_comparisons_are_flipped(text: str, expected: list[str]) -> None:
    assert changes(text, "comparison flipped") == expected


@pytest.mark.parametrize(
    "line", ["redis.call('DEL', key)", "a, b = c, d", "if a then b = c end", "a[#a + 1] = b", "return a"]
)
def test_statements_are_dropped(line: str) -> None:
    assert changes(f"local a = b\n  {line} -- why\n", "statement dropped") == ["-- why"]


@pytest.mark.parametrize(
    "line",
    [
        "local a = b",
        "local function f() return a end",
        "for i = 1, #a do",
        "if a then",
        "else",
        "end",
        "call(a,",
        "a = b\n  or c",
    ],
)
def test_what_is_no_whole_statement_is_not_dropped(line: str) -> None:
    assert changes(line, "statement dropped") == []


def test_lines_inside_of_brackets_are_no_statements() -> None:
    assert changes("local a = {\n  b = c,\n  d = e,\n}\n", "statement dropped") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 7", ["a = 8", "a = 6"]),
        ("a = 0x10", ["a = 17", "a = 15"]),
        ("a = '7' -- 7", []),
        ("a1 = b", []),
        ("a = 1.5", []),
    ],
)
def test_constants_are_off_by_one(text: str, expected: list[str]) -> None:
    assert changes(text, "constant off by one") == expected


def test_calls_are_swapped() -> None:
    text = "do\n  first(a)\n  second(b) -- why\n  c = d\nend\n"
    [mutant] = [mutant for mutant in lua_mutants("s.lua", text) if mutant.key.operator == "calls swapped"]
    assert mutant.mutated == "do\n  second(b)\n  first(a) -- why\n  c = d\nend\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("return a and b or c", ["return a or b or c", "return a and b and c"]),
        ("return not a", ["return a"]),
        ("if a > b then", ["if not (a > b) then"]),
        ("elseif a then b = c end", ["elseif not (a) then b = c end"]),
        ("a = 'not' -- and", []),
    ],
)
def test_conditions_are_negated(text: str, expected: list[str]) -> None:
    assert changes(text, "condition negated") == expected


def test_mutants_name_the_function_that_they_are_in() -> None:
    text = "a = 1\nlocal function f()\n  if b then\n    a = 1\n  end\nend\nlocal function g() a = 1 end\na = 1\n"
    mutants = [mutant for mutant in lua_mutants("s.lua", text) if mutant.key.operator == "constant off by one"]
    assert [(mutant.line, mutant.key.function) for mutant in mutants[::2]] == [(1, ""), (4, "f"), (7, "g"), (8, "")]
