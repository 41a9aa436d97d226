from pathlib import Path

from tests.mutation.equivalents import EQUIVALENTS
from tests.mutation.targets import TARGETS, mutants_of

ROOT = Path(__file__).parents[3]


def test_tests_of_all_targets_exist() -> None:
    tests = {test for target in TARGETS for test in target.tests}
    assert [test for test in sorted(tests) if not (ROOT / test).exists()] == []


def test_no_target_is_without_tests() -> None:
    assert [mutant.key.path for mutant, tests in mutants_of(ROOT) if not tests] == []


def test_explained_mutants_are_of_targets() -> None:
    paths = {mutant.key.path for mutant, _ in mutants_of(ROOT)}
    assert {key.path for key in EQUIVALENTS} <= paths
    assert all(reason.endswith(".") for reason in EQUIVALENTS.values())


def test_the_tests_of_a_module_run_first() -> None:
    tests = {mutant.key.path: tests for mutant, tests in mutants_of(ROOT)}
    assert tests["ingest/kafka/commits.py"] == ("tests/unit/ingest/kafka/test_commits.py", "tests/unit/ingest/kafka")
    assert tests["lua/erase_author.lua"][0].startswith("tests/integration/store/")
