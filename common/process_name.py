"""Names by which Redis and Kafka know a process, so that `thunder status` shows which versions run where.

A connection to Redis has a name with role, version and process, a consumer of Kafka a client id with role and version.
"""

import os
import platform
import re
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

_ID = re.compile(r"(thunder(?:-[a-z-]+)?)/([^/]+)")
_NAME = re.compile(rf"{_ID.pattern}/([^/]+)")
_LARGEST = 200


class RunningRole(NamedTuple):
    """Role and version of a consumer of Kafka."""

    role: str
    version: str


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
    host = re.sub(r"[^!-.0-~]", "-", platform.node())
    return f"{client_id(command)}/{host}-{os.getpid()}"[:_LARGEST]


def client_id(command: str) -> str:
    """Client id of a consumer, of few values because brokers keep quotas and metrics by it: thunder-transform/1.2.0."""
    role = "-".join(re.findall(r"[a-z]+", command.lower())) or "thunder"
    return f"{role}/{product_version()}"


def parse_client_name(name: str) -> RunningProcess | None:
    """Read a name; None for one of another program."""
    found = _NAME.fullmatch(name)
    return RunningProcess(found[1], found[2], found[3]) if found else None


def parse_client_id(text: str) -> RunningRole | None:
    """Read a client id; None for one of another program, of an older release, or that the operator has set."""
    found = _ID.fullmatch(text)
    return RunningRole(found[1], found[2]) if found else None
