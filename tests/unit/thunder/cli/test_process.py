"""How the process of `thunder` ends: with its exit code, and before exit handlers of C libraries run."""

import subprocess

import pytest

from thunder.embedded.role_process import PRODUCT, program

HANDLER_OF_A_C_LIBRARY = """
import ctypes
libc = ctypes.CDLL(None)
libc.__cxa_atexit(ctypes.cast(libc._exit, ctypes.c_void_p), ctypes.c_void_p(77), None)
"""
"""Ends the process with code 77, should the exit handlers of C libraries be called."""

HANDLER_OF_PYTHON = """
import threading
import thunder.cli.main
def run():
    import atexit
    atexit.register(print, "handled")
    threading.Thread(target=print, args=("joined",)).start()
    {end}
thunder.cli.main.main = run
"""


@pytest.mark.parametrize(("words", "code"), [(("--version",), 0), (("no-such-command",), 2)])
def test_exit_handlers_of_c_libraries_are_left_out(words: tuple[str, ...], code: int) -> None:
    ended = _run(HANDLER_OF_A_C_LIBRARY + PRODUCT, *words)
    assert ended.returncode == code, ended.stderr
    assert ended.stdout + ended.stderr, "what was written is there"


@pytest.mark.parametrize(("end", "code"), [("return 3", 3), ("raise KeyError('a defect')", 1)])
def test_threads_are_joined_and_exit_handlers_of_python_called(end: str, code: int) -> None:
    ended = _run(HANDLER_OF_A_C_LIBRARY + HANDLER_OF_PYTHON.format(end=end) + PRODUCT)
    assert ended.returncode == code, ended.stderr
    assert sorted(ended.stdout.split()) == ["handled", "joined"]
    assert ("a defect" in ended.stderr) == (code == 1)


def _run(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*program(code), *words], text=True, capture_output=True, check=False, timeout=60)
