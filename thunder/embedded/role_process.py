"""Roles of the product as real processes on the loopback interface, with the settings of their flags alone."""

import os
import sys
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from common.errors import ThunderError
from thunder.embedded.child import LOOPBACK, Child

PRODUCT = "from thunder.cli.process import run_process; run_process()"
"""Code that runs `thunder` with the words of its process."""

_SETTING_PREFIXES = ("THUNDER_", "KAFKA_", "SASL_", "PRODUCER_SASL_")
_NO_MORE: Mapping[str, str] = MappingProxyType({})
_SECONDS_TO_ANSWER = 2.0
_SECONDS_BETWEEN_CHECKS = 0.05


class RoleNotReady(ThunderError):
    """A role has not become ready in time."""


class RoleCommand(NamedTuple):
    """Command line of a role; http_port serves its readiness."""

    name: str
    words: tuple[str, ...]
    http_port: int


class RoleProcess:
    """A running role."""

    def __init__(
        self, command: RoleCommand, folder: Path, variables: Mapping[str, str] = _NO_MORE, code: str = PRODUCT
    ) -> None:
        """Starts it with its log in folder. variables: further ones of its environment, such as secrets."""
        self.name = command.name
        self._http_port = command.http_port
        log = folder / f"{command.name}-{command.http_port}.log"
        words = [*program(code), *command.words]
        self.process = Child(command.name, words, log, _environment(os.environ) | dict(variables))

    def start(self) -> None:
        """Starts it again after kill(); does not wait until it is ready."""
        self.process.start()

    def kill(self) -> None:
        """Ends it at once, until start()."""
        self.process.kill()

    def is_ready(self) -> bool:
        """Whether /readyz says so; False while the port is closed."""
        return self.get("/readyz") is not None

    def wait_until_ready(self, seconds: float = 60.0) -> None:
        """Blocks until it is ready. Raises ChildDied, RoleNotReady."""
        give_up = time.monotonic() + seconds
        while not self.is_ready():
            self.process.check()
            if time.monotonic() > give_up:
                raise RoleNotReady(f"{self.name} is not ready after {seconds:.0f} s:\n{self.process.last_lines()}")
            time.sleep(_SECONDS_BETWEEN_CHECKS)

    def get(self, path: str) -> str | None:
        """Body of a page of its HTTP server, such as /metrics; None unless its status is 200."""
        connection = HTTPConnection(LOOPBACK, self._http_port, timeout=_SECONDS_TO_ANSWER)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.read().decode() if response.status == 200 else None
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()


def program(code: str) -> tuple[str, ...]:
    """The command that runs this code with the modules of this installation.

    Not -m: that would look for modules in the current folder first, and ours have common names.
    """
    return sys.executable, "-P", "-c", code


def role_command(name: str, flags: Mapping[str, str], http_port: int, *switches: str) -> RoleCommand:
    """Command line of the role of this name with these flags, its HTTP server on the loopback interface."""
    http = {"--http-host": LOOPBACK, "--http-port": str(http_port)}
    words = [word for flag in (dict(flags) | http).items() for word in flag]
    return RoleCommand(name, (name, *words, *switches), http_port)


def _environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """Drops settings of the shell, which are meant for other servers."""
    return {name: value for name, value in inherited.items() if not name.startswith(_SETTING_PREFIXES)}
