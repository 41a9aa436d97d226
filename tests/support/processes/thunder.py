"""The installed program `thunder` as real processes."""

import itertools
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse
from tests.support.processes.child import Child
from tests.support.serving.rpc import get_in_network_posts
from tests.support.unused import free_port
from tests.support.wait import eventually

_PROGRAM = Path(sys.executable).with_name("thunder")
_SETTING_PREFIXES = ("KAFKA_", "SASL_", "PRODUCER_", "THUNDER_")
_ALWAYS = {"PYTHONUNBUFFERED": "1", "THUNDER_HTTP_HOST": "127.0.0.1", "THUNDER_GRPC_HOST": "127.0.0.1"}


class Scrape:
    """One reading of /metrics, e.g. Scrape.of(port).value("kafka_partition_lag", topic="t", partition="0")."""

    def __init__(self, text: str) -> None:
        """Parse the Prometheus text format."""
        families = text_string_to_metric_families(text)
        self._samples = [sample for family in families for sample in family.samples]

    @classmethod
    def of(cls, http_port: int) -> "Scrape":
        """Fetch /metrics from a port of the loopback interface."""
        with urlopen(f"http://127.0.0.1:{http_port}/metrics", timeout=10) as response:
            return cls(response.read().decode())

    def value(self, name: str, **labels: str) -> float:
        """Sum of the samples of this full name (with _total, _count ...) that carry these labels; fail at none."""
        values = [
            sample.value for sample in self._samples if sample.name == name and labels.items() <= sample.labels.items()
        ]
        assert values, f"no sample {name} {labels}; there are {sorted(self.names())}"
        return sum(values)

    def names(self) -> set[str]:
        """Full names of all samples."""
        return {sample.name for sample in self._samples}

    def labels(self, name: str, label: str) -> set[str]:
        """Values that the label has in the samples of this full name; none when there are no samples."""
        return {sample.labels[label] for sample in self._samples if sample.name == name}


class Role(Child):
    """A running role. http_port and grpc_port are where it serves, as far as it does."""

    def __init__(
        self, command: Sequence[str | Path], log: Path, env: Mapping[str, str], http_port: int, grpc_port: int
    ) -> None:
        super().__init__(command, log, env)
        self.http_port = http_port
        self.grpc_port = grpc_port

    def status(self, path: str) -> int:
        """HTTP status of a path such as /readyz; 0 while the port is closed."""
        try:
            with urlopen(f"http://127.0.0.1:{self.http_port}{path}", timeout=10) as response:
                return response.status
        except HTTPError as error:
            with error:
                return error.code
        except (URLError, ConnectionError, TimeoutError):
            return 0

    def wait_until_ready(self, timeout: float = 60.0) -> None:
        """Return when /readyz says so; fail when the process ends before."""

        def ready() -> bool:
            if self.exit_code is not None:
                raise AssertionError(f"{self} ended before it was ready:\n{self.last_lines()}")
            return self.status("/readyz") == 200

        eventually(ready, f"{self.name} is ready", timeout)

    def metrics(self) -> Scrape:
        """A reading of /metrics."""
        return Scrape.of(self.http_port)

    def ask(self, request: GetInNetworkPostsRequest, timeout: float = 10.0) -> GetInNetworkPostsResponse:
        """Answer of the read service. Raises grpc.RpcError."""
        return get_in_network_posts(f"127.0.0.1:{self.grpc_port}", request, timeout)


class Thunder:
    """Runs `thunder` with the settings of its command line and env alone: the developer's own are left out."""

    def __init__(self, directory: Path) -> None:
        """Logs go into directory."""
        self._directory = directory
        self._numbers = itertools.count(1)
        self._roles: list[Role] = []

    def start(
        self, *arguments: str, env: Mapping[str, str] | None = None, program: Sequence[str | Path] = (_PROGRAM,)
    ) -> Role:
        """Start a role. It gets free ports for HTTP and gRPC unless --http-port, --grpc-port name others.

        program: the command of another release.
        """
        http_port = _port_of("--http-port", arguments) or free_port()
        grpc_port = _port_of("--grpc-port", arguments) or free_port()
        ports = {"THUNDER_HTTP_PORT": str(http_port), "THUNDER_GRPC_PORT": str(grpc_port)}
        log = self._directory / f"{arguments[0].lstrip('-')}-{next(self._numbers)}.log"
        role = Role([*program, *arguments], log, _environment(ports | dict(env or {})), http_port, grpc_port)
        self._roles.append(role)
        return role

    def run(
        self, *arguments: str, env: Mapping[str, str] | None = None, timeout: float = 60.0, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command such as `query` to its end, with any exit code."""
        return subprocess.run(
            [_PROGRAM, *arguments],
            env=_environment(env or {}),
            timeout=timeout,
            input=stdin,
            text=True,
            capture_output=True,
            check=False,
        )

    def close(self) -> None:
        """Kill every role that still runs."""
        for role in self._roles:
            role.kill()


def _port_of(flag: str, arguments: Sequence[str]) -> int | None:
    return int(arguments[arguments.index(flag) + 1]) if flag in arguments else None


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_SETTING_PREFIXES)}
    return inherited | _ALWAYS | dict(extra)
