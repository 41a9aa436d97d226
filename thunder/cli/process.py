"""The process `thunder`: runs its command line, and ends without the exit handlers of C libraries."""

import atexit
import os
import sys
from pkgutil import resolve_name
from typing import NoReturn


class _Ending:
    """Ends the process when Python's own exit handlers have run. code: its exit code, 1 until it is known."""

    def __init__(self) -> None:
        self.code = 1

    def __call__(self) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(self.code)


def run_process() -> NoReturn:
    """Run the command line of this process and end it with the exit code of the command.

    OpenSSL's exit handler frees what the threads of librdkafka's connections still use: about one process in 300 that
    ended during a TLS handshake died of SIGSEGV instead.
    """
    ending = _Ending()
    atexit.register(ending)  # before any module is imported that registers one: the first is called last
    ending.code = resolve_name("thunder.cli.main:main")()
    sys.exit(ending.code)
