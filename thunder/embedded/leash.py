"""Replaces itself by a command that the kernel kills when its parent dies: leash.py PARENT_PID COMMAND [ARGUMENT...].

Linux only: elsewhere the command runs without that.
A program of its own, because Popen's preexec_fn would run Python between fork and exec of a process full of threads.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Replaces this process by command."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and exec passes that on
    if os.getppid() != parent:
        sys.exit(f"the parent of {command[0]} died before it started")
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
