"""A store whose users are those of docs/redis-users.acl, made as SECURITY.md says: one Redis, or a Cluster."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple, cast

from tests.support.redis.binaries import server_binary
from tests.support.redis.servers import RedisCluster, RedisServer

ADMINISTRATOR = "default"
INGEST, SERVE, SOURCE, TOOLS = "thunder-ingest", "thunder-serve", "thunder-source", "thunder-tools"
STATUS = "thunder-status"
USERS = (INGEST, SERVE, SOURCE, TOOLS, STATUS)

_TOP = Path(__file__).parents[3]
_OURS = frozenset(("auth", "hello", "config|resetstat", "acl|log"))
"""Commands that need no right, and those of the observation itself."""


class Command(NamedTuple):
    """A command or subcommand (config|get) of the server, with the fewest words that it takes."""

    name: str
    words: tuple[str, ...]
    writes: bool

    @property
    def container(self) -> str:
        """The command of a subcommand: a right to it is a right to all of them."""
        return self.name.partition("|")[0]


class StoreWithUsers:
    """Its servers know the users of the file alone. Kill it."""

    def __init__(self, directory: Path, *, cluster: bool) -> None:
        """Start it with its files in directory, which must exist."""
        guide = re.search(r"```sh\n(cp docs/redis-users.acl .*?)```", (_TOP / "SECURITY.md").read_text(), re.DOTALL)
        assert guide
        (directory / "docs").symlink_to(_TOP / "docs")
        subprocess.run(["bash", "-euc", guide[1]], cwd=directory, check=True)
        self.has_read_only_keys = _version() >= (7,)
        users = directory / "users.acl"
        if not self.has_read_only_keys:
            users.write_text(users.read_text().replace("%R~", "~"))
        self._directory = directory
        start = RedisCluster if cluster else RedisServer
        self._store = start(directory, {"aclfile": str(users)}, self.password(ADMINISTRATOR))
        self.nodes = self._store.nodes if isinstance(self._store, RedisCluster) else [self._store]

    def password(self, user: str) -> str:
        return (self._directory / f"{user}.password").read_text().rstrip()

    def url(self, user: str) -> str:
        return self._store.url.replace("://", f"://{user}:{self.password(user)}@")

    def observe(self) -> None:
        """Forget what was called and refused so far."""
        for node in self.nodes:
            node.command("CONFIG RESETSTAT")
            node.command("ACL LOG", "RESET")

    def called(self) -> frozenset[str]:
        """Commands that were called since then, from within scripts too."""
        statistics = [cast("dict[str, object]", node.client.info("commandstats")) for node in self.nodes]
        names = (name.removeprefix("cmdstat_") for each in statistics for name in each)
        return self._comparable(names) - self._comparable(_OURS)

    def refused(self) -> list[dict[str, Any]]:
        """Commands refused since then: entries of ACL LOG."""
        return [entry for node in self.nodes for entry in cast("list[dict[str, Any]]", node.command("ACL LOG"))]

    def granted(self, user: str) -> frozenset[str]:
        """Commands that the user may call. Redis shortens their list: a category, less some commands."""
        node = self.nodes[0]
        held = cast("dict[str, list[str]]", node.command("ACL GETUSER", user))
        nothing, *categories = held["categories"]
        assert nothing == "-@all"
        names: set[str] = set()
        for category in categories:
            names |= set(cast("list[str]", node.client.acl_cat(category.removeprefix("+@"))))
        names -= {rule.removeprefix("-") for rule in held["commands"]}
        names |= {rule.removeprefix("+") for rule in held["commands"] if rule.startswith("+")}
        return self._comparable(names)

    def known(self) -> list[Command]:
        """All commands of the server, but for those that precede a login."""
        listed = cast("dict[str, dict[str, Any]]", self.nodes[0].command("COMMAND"))
        commands = [
            command for facts in listed.values() if "no_auth" not in facts["flags"] for command in _parts(facts)
        ]
        return sorted(commands)

    def reset(self) -> None:
        """Remove every key and every script, and forget that."""
        self._store.flush()
        for node in self.nodes:
            node.command("SCRIPT FLUSH")
        self.observe()

    def kill(self) -> None:
        self._store.kill()

    def _comparable(self, names: Iterable[str]) -> frozenset[str]:
        """Redis 6.2 does not count subcommands separately."""
        return frozenset(name if self.has_read_only_keys else name.partition("|")[0] for name in names)


def _parts(facts: dict[str, Any]) -> list[Command]:
    """The subcommands of a command that COMMAND tells of; itself when it has none."""
    subcommands: list[list[Any]] = facts.get("subcommands", [])
    if not subcommands:
        return [_command(facts["name"], facts["arity"], facts["flags"])]
    return [_command(name.decode(), arity, [flag.decode() for flag in flags]) for name, arity, flags, *_ in subcommands]


def _command(name: str, arity: int, flags: list[str]) -> Command:
    """arity counts the words of the name; negative: at least this number of words."""
    words = name.split("|")
    return Command(name, (*words, *("1" for _ in range(abs(arity) - len(words)))), "write" in flags)


def _version() -> tuple[int, ...]:
    output = subprocess.run([server_binary(), "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"v=([\d.]+)", output)
    assert found
    return tuple(map(int, found[1].split(".")))
