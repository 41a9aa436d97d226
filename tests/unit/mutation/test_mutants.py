from tests.mutation.mutants import Edit, MutantKey, mutant_of, without_duplicates

TEXT = "first\n    second = 1\nthird\n"


def test_an_edit_changes_its_characters_alone() -> None:
    mutant = mutant_of("a/b.py", TEXT, "f", "operator", Edit(10, 16, "other"))
    assert mutant.mutated == "first\n    other = 1\nthird\n"
    assert mutant.key == MutantKey("a/b.py", "f", "operator", "second = 1", "other = 1")
    assert mutant.line == 2


def test_a_key_holds_all_lines_that_change() -> None:
    mutant = mutant_of("a/b.py", TEXT, "f", "operator", Edit(3, 16, "X"))
    assert (mutant.key.before, mutant.key.after) == ("first second = 1", "firX = 1")


def test_the_last_line_may_be_without_an_end() -> None:
    assert mutant_of("a/b.py", "one\ntwo", "", "operator", Edit(4, 7, "2")).key.after == "2"


def test_a_diff_names_the_file_and_the_operator() -> None:
    diff = mutant_of("a/b.py", TEXT, "f", "operator", Edit(10, 16, "other")).diff
    assert diff.splitlines() == [
        *("--- a/b.py", "+++ a/b.py (operator)", "@@ -1,3 +1,3 @@"),
        *(" first", "-    second = 1", "+    other = 1", " third"),
    ]


def test_duplicates_and_the_original_are_left_out() -> None:
    edits = [Edit(10, 16, "other"), Edit(10, 16, "second"), Edit(10, 15, "othe"), Edit(10, 16, "othed")]
    mutants = without_duplicates(mutant_of("a/b.py", TEXT, "f", "operator", edit) for edit in edits)
    assert [mutant.key.after for mutant in mutants] == ["other = 1", "othed = 1"]
