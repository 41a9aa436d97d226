"""The example clients of clients/, built and run by the commands of clients/README.md."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.support.programs.go_tools import go_program
from tests.support.programs.installed import Progress, run_visibly
from tests.support.programs.node_programs import NPM, node_environment

_TOP = Path(__file__).parents[3]
_CLIENTS = _TOP / "clients"
_LEFT_TO_GIT = shutil.ignore_patterns("node_modules", "thunder-posts", "__pycache__")
_OTHER_NAME_SERVERS = {"GRPC_NODE_USE_ALTERNATIVE_RESOLVER": "true"}
"""Lets Node's library ask a name server that the target names."""

_PYTHONS_OWN = "pip install"
"""The tests' environment has the client already."""


class ExampleClient:
    """A client in a copy of the repository. Its last command runs it, those before build it."""

    def __init__(self, language: str, directory: Path, progress: Progress) -> None:
        """Build it, in a directory of its own. Raises Unavailable."""
        cd, *build, self._run = commands(language)
        copy_clients(directory / "clients")
        self._cwd = directory / cd.removeprefix("cd ")
        self._environment = client_tools(directory / "bin")
        for command in build:
            if not command.startswith(_PYTHONS_OWN):
                run_visibly(["bash", "-c", f"cd '{self._cwd}' && {command}"], progress, self._environment)

    def start(self, target: str, authors: Sequence[int]) -> subprocess.Popen[str]:
        """Ask target for the posts of authors."""
        run = self._run.replace("dns:///localhost:50051", target).replace("1,2,3", ",".join(map(str, authors)))
        assert target in run
        names_a_server = target.startswith("dns://") and not target.startswith("dns:///")
        environment = self._environment | (_OTHER_NAME_SERVERS if names_a_server else {})
        pipe = subprocess.PIPE
        return subprocess.Popen(run.split(), cwd=self._cwd, env=environment, text=True, stdout=pipe, stderr=pipe)


def copy_clients(target: Path) -> None:
    """Copy clients/ as git has it."""
    shutil.copytree(_CLIENTS, target, ignore=_LEFT_TO_GIT)


def commands(language: str) -> list[str]:
    """The commands of a language's section, one per line."""
    section = (_CLIENTS / "README.md").read_text().partition(f"\n## {language}\n")[2]
    block = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert block
    return block[1].splitlines()


def client_tools(programs: Path) -> dict[str, str]:
    """Environment with npm, node and go on its PATH; programs is a folder to make for it. Raises Unavailable."""
    programs.mkdir()
    (programs / "npm").symlink_to(NPM)
    environment = node_environment()
    ours = [programs, Path(sys.executable).parent, go_program().parent]
    environment["PATH"] = os.pathsep.join([*map(str, ours), environment["PATH"]])
    return environment
