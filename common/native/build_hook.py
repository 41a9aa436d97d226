"""Compiles the native modules when the product is built: Cython makes C of them, and a C compiler extension modules.

Where there is no compiler, or no Python.h, or where it fails, the build goes on without: the modules are optional, as
Python code with the same results stands beside each. THUNDER_BUILD_NATIVE=required makes that an error, for images and
wheels that must have them. A wheel carries them; an installation in place (`uv sync`) finds them beside their sources.
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

SOURCES = (Path("serve", "native", "read_core.pyx"), Path("ingest", "native", "decoder.pyx"))
"""From the top of the tree, as are the paths of what they include."""

OPTIMISED = ("-O3", "-g0")


class NotCompiled(Exception):
    """There is no compiler, or it failed; the reason is one line."""


class NativeBuildHook(BuildHookInterface[Any]):
    """Called by hatchling, before it makes a wheel or an installation in place (version "editable")."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile all modules or none, and say what of it belongs into the wheel."""
        if self.target_name != "wheel":
            return
        root = Path(self.root)
        in_place = version == "editable"
        folder = root if in_place else Path(tempfile.mkdtemp(prefix="thunder-"))
        built = {module_of(source): folder / module_of(source) for source in SOURCES}
        try:
            for source, module in zip(SOURCES, built.values(), strict=True):
                compile_module(root, source, module)
        except NotCompiled as reason:
            if os.environ.get("THUNDER_BUILD_NATIVE") == "required":
                raise
            for module in built.values():
                module.unlink(missing_ok=True)  # of other sources
            self.app.display_warning(f"Without native modules, slower ones in Python read and decode: {reason}")
        else:
            if not in_place:
                build_data["force_include"].update({str(made): name.as_posix() for name, made in built.items()})
                build_data["pure_python"] = False
                build_data["infer_tag"] = True


def module_of(source: Path) -> Path:
    """The extension module beside a source, for the Python that runs this."""
    return source.with_suffix(str(sysconfig.get_config_var("EXT_SUFFIX")))


def compile_module(root: Path, source: Path, module: Path, options: Sequence[str] = OPTIMISED) -> None:
    """Make an extension module of a Cython source below root. NotCompiled."""
    header = Path(sysconfig.get_path("include"), "Python.h")
    if not header.exists():
        raise NotCompiled("Python.h is missing (on Debian: apt install python3-dev)")
    with tempfile.TemporaryDirectory() as folder:
        code = Path(folder) / "code.c"
        _run([sys.executable, "-m", "cython", "-3", f"-I{root}", str(root / source), "--output-file", str(code)])
        made = Path(folder) / "module"
        _run([*_linker(), *options, "-fPIC", f"-I{header.parent}", str(code), "-o", str(made)])
        module.parent.mkdir(parents=True, exist_ok=True)
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
