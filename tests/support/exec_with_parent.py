"""Become a command that the kernel kills when its parent dies: exec_with_parent.py PARENT_PID COMMAND [ARGUMENT...].

A program of its own, because Popen's preexec_fn runs Python between fork and exec of a process full of threads.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and exec would hand that on
    if os.getppid() != int(parent):
        sys.exit(f"the parent of {command[0]} died before it started")
    os.execvp(command[0], command)  # noqa: S606


main()
