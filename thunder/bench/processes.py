"""Processes that are measured, the processor time that they use, and that of Redis."""

import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, cast

import redis

from common.errors import ConfigurationError
from thunder.bench.store import BenchStore
from thunder.embedded.child import LOOPBACK, Child, free_port, stop_together
from thunder.embedded.role_process import PRODUCT, RoleProcess, program, role_command

_SECONDS_TO_STOP = 5.0


class Server(NamedTuple):
    """A gRPC server of this machine; role: None for a peer."""

    name: str
    address: str
    process: Child
    role: RoleProcess | None = None


def cpu_seconds(process: Child) -> float:
    """User and system time that the process has used. Raises ChildDied, ConfigurationError."""
    process.check()
    if sys.platform != "linux":
        raise ConfigurationError("thunder bench reads the processor time of other processes, for which it needs Linux")
    return time.clock_gettime(~process.pid << 3 | 2)  # the clock of a process, as clock_getcpuclockid makes it


class RedisUse(NamedTuple):
    """Work of Redis since it started: processor seconds and commands."""

    seconds: float
    commands: int


def redis_use(client: redis.Redis) -> RedisUse:
    """Processor time and commands of one server; the calls that read them do not count as commands."""
    cpu = cast("dict[str, float]", client.info("cpu"))
    calls = cast("dict[str, dict[str, int]]", client.info("commandstats"))
    commands = sum(counts["calls"] for name, counts in calls.items() if name not in ("cmdstat_info", "cmdstat_ping"))
    return RedisUse(cpu["used_cpu_user"] + cpu["used_cpu_sys"], commands)


def start_server(name: str, store: BenchStore, folder: Path, running: ExitStack, core: str = "") -> Server:
    """Starts `thunder serve` on the store, stopped with `running`; core: of its reading, empty for the default."""
    port = free_port()
    variables = {"THUNDER_REDIS_URL": store.url} | ({"THUNDER_READ_CORE": core} if core else {})
    flags = store.flags | {"--grpc-host": LOOPBACK, "--grpc-port": str(port)}
    role = RoleProcess(role_command("serve", flags, free_port()), folder, variables)
    running.callback(stop_together, [role.process], _SECONDS_TO_STOP)
    role.wait_until_ready()
    return Server(name, f"{LOOPBACK}:{port}", role.process, role)


def start_worker(
    store: BenchStore, kafka: Mapping[str, str], folder: Path, running: ExitStack, *switches: str, code: str = PRODUCT
) -> RoleProcess:
    """Starts `thunder ingest` with these flags for Kafka, stopped with `running`; it may not be ready yet."""
    command = role_command("ingest", store.flags | dict(kafka), free_port(), *switches)
    role = RoleProcess(command, folder, {"THUNDER_REDIS_URL": store.url}, code)
    running.callback(stop_together, [role.process], _SECONDS_TO_STOP)
    return role


def start_peer(
    module: str, words: tuple[str, ...], folder: Path, running: ExitStack, variables: Mapping[str, str]
) -> Child:
    """Starts a program of thunder.bench.peers, stopped with `running`."""
    name = module.rpartition(".")[2]
    command = [*program(f"from {module} import main; main()"), *words]
    child = Child(name, command, folder / f"{name}-{free_port()}.log", dict(variables))
    running.callback(stop_together, [child], _SECONDS_TO_STOP)
    return child
