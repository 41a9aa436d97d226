"""Programs that the tests need from the system, installed where that is possible."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.support.programs.user_cache import one_at_a_time, user_cache

Progress = Callable[[str], None]
"""Shows one line on the terminal."""


class Unavailable(Exception):
    """A server of the tests cannot be had on this machine; the message says why."""


def program(name: str, package: str, progress: Progress) -> Path:
    """Return the path of a program, installed from its Debian package first when we are root; may take minutes.

    Raises Unavailable.
    """
    found = shutil.which(name)
    if found is None:
        with one_at_a_time(user_cache() / "apt-get.lock"):
            if shutil.which(name) is None:
                _install(package, f"{name} is not on PATH", progress)
        found = shutil.which(name)
    if found is None:
        raise Unavailable(f"{name} is not on PATH after {package} was installed")
    return Path(found)


def run_visibly(command: Sequence[str | Path], progress: Progress, env: Mapping[str, str] | None = None) -> None:
    """Run a command to its end and show its newest line every second; raises Unavailable when it fails."""
    lines: list[str] = []
    shown_at = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip())
            if time.monotonic() - shown_at >= 1:
                progress(f"  {lines[-1][:110]}")
                shown_at = time.monotonic()
    if process.returncode != 0:
        last_lines = "\n".join(lines[-15:])
        raise Unavailable(f"{command[0]} failed with exit code {process.returncode}:\n{last_lines}")


def _install(package: str, reason: str, progress: Progress) -> None:
    apt_get = shutil.which("apt-get")
    if apt_get is None or os.geteuid() != 0:
        raise Unavailable(f"{reason}; install {package}")
    progress(f"{reason}: installing {package} with apt-get")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    run_visibly([apt_get, "update"], progress, environment)
    run_visibly([apt_get, "install", "--yes", "--no-install-recommends", package], progress, environment)
