"""The tests of this folder on a build that finds each access out of bounds and each undefined operation."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.support.programs.installed import Unavailable

pytestmark = pytest.mark.everything  # compiles, and runs at a third of the speed

FOLDER = Path(__file__).parent
SANITIZED = ("-O0", "-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
TESTS = ["test_damaged_replies.py", "test_common_request.py", "test_reply_scanner.py"]

RUN = """
import importlib.util, sys
import pytest
spec = importlib.util.spec_from_file_location("serve.native.read_core", sys.argv[1])
module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
options = ["-q", "-x", "-s", "-p", "no:cacheprovider", "--everything", "-k", "not memory and not allocates"]
sys.exit(pytest.main([*options, *sys.argv[2:]]))
"""


def sanitizer() -> str:
    """The library that must be loaded first."""
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    try:
        found = subprocess.run([compiler, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
    except OSError as error:
        raise Unavailable(f"{compiler}: {error.strerror}") from error
    if not Path(found.stdout.strip()).is_absolute():
        raise Unavailable(f"{compiler} has no address sanitizer")
    return found.stdout.strip()


def test_no_test_of_damaged_bytes_leaves_its_bounds(tmp_path: Path) -> None:
    try:
        library = sanitizer()
    except Unavailable as reason:
        pytest.skip(str(reason))
    from serve.native.build_hook import SOURCE, compile_module  # noqa: PLC0415 (needs what builds the wheel)

    module = tmp_path / f"read_core{sysconfig.get_config_var('EXT_SUFFIX')}"
    top = FOLDER.parents[3]
    compile_module(top / SOURCE, module, SANITIZED)
    environment = os.environ | {
        "LD_PRELOAD": library,
        "PYTHONMALLOC": "malloc",
        "ASAN_OPTIONS": "detect_leaks=0",  # Python leaves much to the end of its process
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }
    command = [sys.executable, "-c", RUN, str(module), *(str(FOLDER / name) for name in TESTS)]
    done = subprocess.run(command, cwd=top, env=environment, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
