"""The files of a Redis server as a power loss leaves them: what was written last is not on the disk.

A server that is killed loses nothing that it wrote, as the kernel has it; a machine that loses its power loses what was
written since the last fsync, about a second with `appendfsync everysec`. The tests cut the files accordingly.
"""

import re
import threading
import time
from collections import deque
from pathlib import Path
from typing import NamedTuple, Self

from tests.support.redis.servers import RedisServer

_INTERVAL_SECONDS = 0.02
_KEPT_SECONDS = 60.0
_FOLDER = "appendonlydir"

EVERYSEC = {"appendonly": "yes", "appendfsync": "everysec", "auto-aof-rewrite-percentage": "0"}
"""Settings of a server whose append-only file can be cut."""


class _State(NamedTuple):
    """Of the folder at a time: text of the manifest, and size of each file."""

    at: float
    manifest: str
    sizes: dict[str, int]


class PowerLoss:
    """Watches the append-only files of a server, so that they can be set back by a second; used with `with`.

    server: started with EVERYSEC.
    """

    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self._folder = server.directory / _FOLDER
        self._states: deque[_State] = deque()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(10)

    def cut_power(self, seconds: float = 1.0) -> int:
        """Kill the server and set its files back by this number of seconds; return the number of lost bytes."""
        at = time.monotonic()
        self._server.kill()
        state = [each for each in list(self._states) if each.at <= at - seconds][-1]
        before = self._size()
        (manifest,) = self._folder.glob("*.manifest")
        manifest.write_text(state.manifest)
        for file in self._folder.glob("*.aof"):
            if file.name in state.sizes:
                _truncate(file, state.sizes[file.name])
            else:
                file.unlink()
        return before - self._size()

    def cut_power_in_rewrite(self, seconds: float = 1.0) -> int:
        """Kill the server while it rewrites, and lose the last seconds of the older file alone.

        The newer one, which was begun with the rewrite, is whole: it was written back first. Start the rewrite with
        BGREWRITEAOF. The file is cut between two commands: Redis refuses it otherwise.
        """
        began = max(_numbers(self._states[-1].manifest))
        (older,) = re.findall(rf"file (\S+\.{began - 1}\.incr\.aof)", self._states[-1].manifest)
        first = next(each for each in self._states if max(_numbers(each.manifest)) == began)
        state = [each for each in list(self._states) if each.at <= first.at - seconds][-1]
        self._server.kill()
        file = self._folder / older
        before = file.stat().st_size
        _truncate(file, _whole_commands(file.read_bytes(), state.sizes[older]))
        return before - file.stat().st_size

    def _size(self) -> int:
        return sum(file.stat().st_size for file in self._folder.glob("*.aof"))

    def _watch(self) -> None:
        while not self._ended.wait(_INTERVAL_SECONDS):
            now = time.monotonic()
            manifests = list(self._folder.glob("*.manifest"))
            if not manifests:
                continue
            sizes = {file.name: file.stat().st_size for file in self._folder.glob("*.aof")}
            self._states.append(_State(now, manifests[0].read_text(), sizes))
            while self._states[0].at < now - _KEPT_SECONDS:
                self._states.popleft()


def _truncate(file: Path, size: int) -> None:
    with file.open("r+b") as opened:
        opened.truncate(size)


def _numbers(manifest: str) -> list[int]:
    """Numbers of the incremental files that a manifest names."""
    return [int(number) for number in re.findall(r"\.(\d+)\.incr\.aof", manifest)]


def _whole_commands(data: bytes, end: int) -> int:
    """Length of the commands that lie in front of `end` as a whole; a transaction counts as one."""
    at = whole = 0
    open_transaction = False
    while at < end and (line_end := data.find(b"\r\n", at)) >= 0:
        if data[at : at + 1] == b"#":
            at = line_end + 2
        else:
            words: list[bytes] = []
            count, at = int(data[at + 1 : line_end]), line_end + 2
            for _ in range(count):
                line_end = data.find(b"\r\n", at)
                length = int(data[at + 1 : line_end])
                words.append(data[line_end + 2 : line_end + 2 + length])
                at = line_end + 4 + length
            open_transaction = words[0].upper() == b"MULTI" or (open_transaction and words[0].upper() != b"EXEC")
        if at <= end and not open_transaction:
            whole = at
    return whole
