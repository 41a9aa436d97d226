"""Runs the result of PlainBuild as the last stage of the Dockerfile says."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.acceptance.containers.dockerfile import Stage, expanded, pairs
from tests.acceptance.containers.plain_build import PlainBuild, unprivileged
from tests.support.processes.child import Child
from tests.support.unused import free_port


class Image:
    """Runs commands as a container of the image does: its variables, its user, no home, nothing to write to."""

    def __init__(self, stage: Stage, build: PlainBuild) -> None:
        self.prefix = build.prefix
        self._entrypoint: Sequence[str] = stage.only("ENTRYPOINT")["CmdLine"]
        self._health_check: Sequence[str] = stage.only("HEALTHCHECK")["Health"]["Test"][1:]
        known = {"PREFIX": str(build.prefix), "PATH": build.variables["PATH"]}
        variables = {name: expanded(value, known) for name, value in pairs(stage.only("ENV")["Env"]).items()}
        self._variables = variables | {"HOME": "/nonexistent"}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """docker run IMAGE ARGUMENTS, to its end."""
        return self._finished([*self._entrypoint, *arguments], self._variables)

    def start(self, role: Sequence[str], redis_url: str, port: int, log: Path) -> Child:
        """docker run IMAGE ROLE, with its HTTP port there, with this Redis and a Kafka that does not answer."""
        servers = {"THUNDER_REDIS_URL": redis_url, "KAFKA_BROKERS": f"127.0.0.1:{free_port()}"}
        return Child(self._command([*self._entrypoint, *role]), log, self._on(port) | servers)

    def health(self, port: int) -> int:
        """Exit code of the health check in a container whose HTTP port is there."""
        return self._finished(self._health_check, self._on(port)).returncode

    def _finished(self, words: Sequence[str], variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        command = self._command(words)
        return subprocess.run(command, env=variables, cwd="/", text=True, capture_output=True, check=False, timeout=60)

    def _command(self, words: Sequence[str]) -> Sequence[str | Path]:
        return unprivileged(self.prefix / "bin" / words[0], *words[1:])

    def _on(self, port: int) -> dict[str, str]:
        return self._variables | {
            "THUNDER_HTTP_PORT": str(port),
            "THUNDER_HTTP_HOST": "127.0.0.1",
            "THUNDER_GRPC_HOST": "127.0.0.1",
            "THUNDER_GRPC_PORT": str(free_port()),
        }
