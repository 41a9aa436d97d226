"""Names of connections to Redis: role, version and process, so that CLIENT LIST shows which versions run where."""

import os
import platform
import re
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

_NAME = re.compile(r"(thunder(?:-[a-z-]+)?)/([^/]+)/([^/]+)")
_LARGEST = 200


class RunningProcess(NamedTuple):
    """A process that has named its connection. process: host and process id."""

    role: str
    version: str
    process: str


@cache
def product_version() -> str:
    """Version of this installation; "unknown" where it is not installed."""
    try:
        return version("thunder-redis")
    except PackageNotFoundError:
        return "unknown"


def client_name(command: str) -> str:
    """Name for a connection of a role, as the command that runs it is written: thunder-serve/1.2.0/host-17."""
    role = "-".join(re.findall(r"[a-z]+", command.lower())) or "thunder"
    host = re.sub(r"[^!-.0-~]", "-", platform.node())
    return f"{role}/{product_version()}/{host}-{os.getpid()}"[:_LARGEST]


def parse_client_name(name: str) -> RunningProcess | None:
    """Read a name; None for one of another program."""
    found = _NAME.fullmatch(name)
    return RunningProcess(found[1], found[2], found[3]) if found else None
