"""The tests of the native modules on builds that find each access out of bounds and each undefined operation."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.support.programs.installed import Unavailable

pytestmark = pytest.mark.everything  # compiles, and runs at a third of the speed

TOP = Path(__file__).parents[4]
SANITIZED = ("-O0", "-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
TESTS = {
    "serve/native": ["test_damaged_replies.py", "test_common_request.py", "test_reply_scanner.py"],
    "ingest/native": ["test_decoder.py"],
}

RUN = """
import importlib.util, sys
import pytest
at = sys.argv.index("--")
for argument in sys.argv[1:at]:
    name, _, file = argument.partition("=")
    spec = importlib.util.spec_from_file_location(name, file)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
options = ["-q", "-x", "-s", "-p", "no:cacheprovider", "--everything", "-k", "not memory and not allocates"]
sys.exit(pytest.main([*options, *sys.argv[at + 1 :]]))
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


def compiled(folder: Path) -> list[str]:
    """Names and files of the modules, compiled with the sanitizers."""
    from common.native.build_hook import SOURCES, compile_module, module_of  # noqa: PLC0415 (needs what builds the wheel)

    modules = {".".join(source.with_suffix("").parts): folder / module_of(source) for source in SOURCES}
    for source, module in zip(SOURCES, modules.values(), strict=True):
        compile_module(TOP, source, module, SANITIZED)
    return [f"{name}={module}" for name, module in modules.items()]


@pytest.mark.timeout(900)
def test_no_test_of_damaged_bytes_leaves_its_bounds(tmp_path: Path) -> None:
    try:
        library = sanitizer()
    except Unavailable as reason:
        pytest.skip(str(reason))
    environment = os.environ | {
        "LD_PRELOAD": library,
        "PYTHONMALLOC": "malloc",
        "ASAN_OPTIONS": "detect_leaks=0",  # Python leaves much to the end of its process
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }
    tests = [str(TOP / "tests" / "unit" / folder / name) for folder, names in TESTS.items() for name in names]
    command = [sys.executable, "-c", RUN, *compiled(tmp_path), "--", *tests]
    done = subprocess.run(command, cwd=TOP, env=environment, capture_output=True, text=True, check=False, timeout=840)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
