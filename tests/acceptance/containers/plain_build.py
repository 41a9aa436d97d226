"""Runs the commands of the Dockerfile as an unprivileged user, below a folder of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.acceptance.containers.dockerfile import CHECKOUT, Instruction, Stage, expanded, pairs
from tests.support.programs.installed import Unavailable

USER = 65532
"""User of the image and the chart."""

_OF_THIS_RUN = ("VIRTUAL_ENV", "PYTHONPYCACHEPREFIX")
"""Variables that would send the stage's installation, or its compiled code, elsewhere."""

_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.so")


def unprivileged(*command: str | Path) -> Sequence[str | Path]:
    """The command as USER when we are root, else as it is."""
    if os.geteuid() != 0:
        return command
    return ("/usr/bin/setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--", *command)


def python_for_all() -> Path:
    """A Python of this version that the unprivileged user may run. Raises Unavailable."""
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    found = [base, *(Path(folder) / base.name for folder in ("/usr/local/bin", "/usr/bin"))]
    for program in found:
        trial = unprivileged("/bin/sh", "-c", f"{program} -c 'import ensurepip, venv'")  # found by sh, as its user
        if subprocess.run(trial, capture_output=True, check=False, cwd="/").returncode == 0:
            return program
    raise Unavailable(f"no {base.name} that an unprivileged user may run; install it, with its venv")


class PlainBuild:
    """The stage of the Dockerfile that builds, below folder: each path that the stage takes as an ARG is moved there.

    The folder must be empty, on a path that everybody may enter.
    """

    def __init__(self, folder: Path, python: Path) -> None:
        self._folder = folder
        self._here = folder
        inherited = {name: value for name, value in os.environ.items() if name not in _OF_THIS_RUN}
        self.variables = inherited | {"HOME": "/nonexistent", "PATH": f"{folder}/path:/usr/bin:/bin"}
        (folder / "path").mkdir()
        (folder / "path" / "python").symlink_to(python)
        _chown(folder, USER)

    @property
    def prefix(self) -> Path:
        """Folder into which the stage installs; known once it has run."""
        return Path(self.variables["PREFIX"])

    def run(self, stage: Stage) -> None:
        """Do what each instruction says; fail with the output of a command that fails."""
        for instruction in stage.instructions:
            self._step(instruction)

    def _step(self, instruction: Instruction) -> None:
        match instruction.name:
            case "ARG":
                arguments = pairs(instruction.is_["Args"])
                self.variables |= {name: f"{self._folder}{path}" for name, path in arguments.items()}
            case "ENV":
                self.variables |= pairs(instruction.is_["Env"])
            case "WORKDIR":
                self._here = self._folder / instruction.is_["Path"].lstrip("/")
                self._here.mkdir(parents=True)
                _chown(self._folder, USER)
            case "COPY":
                self._copy(instruction.is_["SourcePaths"], instruction.is_["DestPath"])
            case "RUN":
                self._run(instruction.is_["CmdLine"][0])
            case _:
                raise AssertionError(f"{instruction.name}: not known here, teach it")

    def _copy(self, sources: Sequence[str], destination: str) -> None:
        target = self._here / expanded(destination, self.variables)
        for source in sources:
            if (CHECKOUT / source).is_dir():
                shutil.copytree(CHECKOUT / source, target, ignore=_LEFT_OUT)
            else:
                shutil.copy(CHECKOUT / source, target)
        _chown(self._folder, USER)

    def _run(self, line: str) -> None:
        command = unprivileged("/bin/sh", "-c", line)
        done = subprocess.run(
            command, cwd=self._here, env=self.variables, text=True, capture_output=True, check=False, timeout=240
        )
        assert done.returncode == 0, f"{line}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


def take_away(tree: Path) -> None:
    """Make a tree what it is in the image: it belongs to root; or, when we are not root, it is read-only."""
    _chown(tree, 0)
    subprocess.run(["/usr/bin/chmod", "--recursive", "a-w", tree], check=True)


def give_back(tree: Path) -> None:
    """Let us delete a tree that was taken away."""
    subprocess.run(["/usr/bin/chmod", "--recursive", "u+w", tree], check=True)


def _chown(tree: Path, user: int) -> None:
    if os.geteuid() == 0:
        subprocess.run(["/usr/bin/chown", "--recursive", "--no-dereference", f"{user}:{user}", tree], check=True)
