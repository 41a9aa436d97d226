"""Compiles serve/native when the product is built: Cython makes C of it, and a C compiler an extension module.

Where there is no compiler, or no Python.h, or where it fails, the build goes on without: the module is optional, since
the read core in Python gives the same answers. THUNDER_BUILD_NATIVE=required makes that an error, for images and wheels
that must have it. A wheel carries the module; an installation in place (`uv sync`) finds it beside its sources.
"""

import os
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("serve", "native")
SOURCE = FOLDER / "read_core.pyx"
MODULE = FOLDER / f"read_core{sysconfig.get_config_var('EXT_SUFFIX')}"
OPTIMISED = ("-O3", "-g0")


class NotCompiled(Exception):
    """There is no compiler, or it failed; the reason is one line."""


class NativeBuildHook(BuildHookInterface[Any]):
    """Called by hatchling, before it makes a wheel or an installation in place (version "editable")."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and say what of it belongs into the wheel."""
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        built = root / MODULE if version == "editable" else Path(tempfile.mkdtemp(prefix="thunder-"), MODULE.name)
        try:
            compile_module(root / SOURCE, built)
        except NotCompiled as reason:
            if os.environ.get("THUNDER_BUILD_NATIVE") == "required":
                raise
            built.unlink(missing_ok=True)  # of other sources
            self.app.display_warning(f"Without the native read core, reads take the slower one in Python: {reason}")
        else:
            if version != "editable":
                build_data["force_include"][str(built)] = MODULE.as_posix()
                build_data["pure_python"] = False
                build_data["infer_tag"] = True


def compile_module(source: Path, module: Path, options: Sequence[str] = OPTIMISED) -> None:
    """Make an extension module of a Cython source. NotCompiled."""
    header = Path(sysconfig.get_path("include"), "Python.h")
    if not header.exists():
        raise NotCompiled("Python.h is missing (on Debian: apt install python3-dev)")
    with tempfile.TemporaryDirectory() as folder:
        code = Path(folder) / "code.c"
        _run([sys.executable, "-m", "cython", "-3", str(source), "--output-file", str(code)])
        made = Path(folder) / "module"
        _run([*_linker(), *options, "-fPIC", f"-I{header.parent}", str(code), "-o", str(made)])
        module.write_bytes(made.read_bytes())  # at once: who has loaded the old one keeps it


def _linker() -> list[str]:
    """The command that makes shared objects for this Python, with the compiler that CC names."""
    command = shlex.split(sysconfig.get_config_var("LDSHARED") or "cc -shared")
    compiler = shlex.split(os.environ.get("CC", ""))
    return [*compiler, *command[1:]] if compiler else command


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NotCompiled(f"{command[0]}: {error.strerror}") from error
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
        raise NotCompiled(f"{Path(command[0]).name}: {next((line for line in lines if 'error' in line), lines[-1])}")
