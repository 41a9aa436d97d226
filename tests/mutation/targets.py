"""Files whose mutants must be found, and the tests that must find them: the one list of them."""

from pathlib import Path
from typing import NamedTuple

from tests.mutation.lua_operators import lua_mutants
from tests.mutation.mutants import Mutant
from tests.mutation.python_operators import python_mutants

_STORE = ("tests/integration/store/test_scripts.py", "tests/integration/store/test_store.py")
_TIMELINE = tuple(
    f"tests/unit/serve/{name}.py"
    for name in ("timeline/test_merge", "timeline/test_python_core", "timeline/test_timeline", "test_conformance")
)


class Target(NamedTuple):
    """Files, as patterns from the top of the tree, and arguments of pytest: the fastest tests first.

    Without tests, those that mirror the files must find the mutants.
    """

    files: tuple[str, ...]
    tests: tuple[str, ...]


TARGETS = (
    Target(
        tuple(
            f"ingest/kafka/{name}.py"
            for name in ("assignment", "back_pressure", "catch_up", "commits", "faults", "positions", "start_position")
        ),
        ("tests/unit/ingest/kafka",),
    ),
    Target(("common/ids.py",), ("tests/unit/common/test_ids.py",)),
    Target(tuple(f"common/store/{name}.py" for name in ("clock_check", "keys", "marks", "record")), ()),
    Target(
        tuple(
            f"ingest/decode/{name}.py"
            for name in (
                "create_rules",
                "follow_event",
                "framing",
                "refined_event",
                "thrift_protocol",
                "tweet_transform",
            )
        ),
        (),
    ),
    Target(("ingest/decode/thrift_struct.py",), ("tests/unit/ingest/decode/test_tweet_event.py",)),
    Target(("ingest/dead_letters/limits.py",), ("tests/unit/ingest/dead_letters",)),
    Target(("ingest/write/key_table.py", "ingest/write/write_plan.py"), ("tests/unit/ingest/write", *_STORE)),
    Target(("lua/add_posts.lua",), (*_STORE, "tests/integration/store/test_script_bounds.py")),
    Target(
        tuple(
            f"lua/{name}.lua"
            for name in ("claim_posts", "sweep_hashes", "remove_posts", "erase_author", "write_layout")
        ),
        _STORE,
    ),
    Target(tuple(f"serve/overload/{name}.py" for name in ("admission", "fair_queue", "slot")), ()),
    Target(("serve/timeline/read_plan.py", "serve/timeline/reply_filter.py"), ()),
    Target(("serve/timeline/filters.py", "serve/timeline/merge.py"), _TIMELINE),
)
"""A file belongs to the first entry that names it."""

TEST_OPTIONS = ("-k", "not cluster and not dead_shard")
"""One server is enough to find a mutant."""


def mutants_of(root: Path) -> list[tuple[Mutant, tuple[str, ...]]]:
    """All mutants of a tree, each with the tests that must find it."""
    files: dict[Path, tuple[str, ...]] = {}
    for target in TARGETS:
        found = sorted(path for pattern in target.files for path in root.glob(pattern) if path.name != "__init__.py")
        if not found:
            raise FileNotFoundError(f"no file is named {' or '.join(target.files)}")
        for path in found:
            files.setdefault(path, _with_own_tests(root, path, target.tests))
    return [(mutant, tests) for path, tests in sorted(files.items()) for mutant in _mutants(root, path)]


def _with_own_tests(root: Path, module: Path, tests: tuple[str, ...]) -> tuple[str, ...]:
    """The tests that mirror the module run first."""
    own = Path("tests", "unit", module.parent.relative_to(root), f"test_{module.stem}.py")
    return (str(own), *tests) if (root / own).exists() else tests


def _mutants(root: Path, path: Path) -> list[Mutant]:
    operators = lua_mutants if path.suffix == ".lua" else python_mutants
    return operators(str(path.relative_to(root)), path.read_text())
