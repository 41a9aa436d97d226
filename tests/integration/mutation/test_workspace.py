from pathlib import Path

import pytest

from tests.mutation.mutants import Edit, mutant_of
from tests.mutation.workspace import Fate, Workspace

MODULE = "LIMIT = 3\n\ndef steps():\n    left = LIMIT\n    while left != 0:\n        left -= 1\n    return 'done'\n"
TEST = "from module import steps\n\ndef test_steps():\n    assert steps() == 'done'\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    tree = tmp_path / "original"
    tree.mkdir()
    (tree / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    (tree / "module.py").write_text(MODULE)
    (tree / "test_module.py").write_text(TEST)
    return Workspace(tree, tmp_path)


@pytest.mark.parametrize(
    ("changed", "replacement", "seconds", "fate"),
    [
        ("'done'", "'lost'", 60, Fate.KILLED),
        ("LIMIT = 3", "LIMIT = 4", 60, Fate.SURVIVED),
        ("left -= 1", "pass", 2, Fate.TIMED_OUT),
        ("def", "deaf", 60, Fate.KILLED),
    ],
)
def test_a_mutant_meets_its_fate_in_the_copy(
    workspace: Workspace, tmp_path: Path, changed: str, replacement: str, seconds: float, fate: Fate
) -> None:
    start = MODULE.index(changed)
    mutant = mutant_of("module.py", MODULE, "", "operator", Edit(start, start + len(changed), replacement))

    assert workspace.try_out(mutant, ["test_module.py"], seconds).fate is fate
    assert (tmp_path / "original" / "module.py").read_text() == MODULE
    assert workspace.run(["test_module.py"], 60).fate is Fate.SURVIVED
