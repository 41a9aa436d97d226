"""The brokers of compose.yaml as processes of this machine, with the settings that their containers get."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.acceptance.containers.compose import Service
from tests.support.kafka.broker import java_command
from tests.support.processes.child import Child
from tests.support.unused import free_port

_LISTENERS = (19092, 9092, 9093)
"""Ports inside of each container."""

_OF_THE_PROGRAM = {"KAFKA_HEAP_OPTS"}


class ComposeBrokers:
    """All of them, started together. bootstrap: HOST:PORT of each, separated by commas."""

    def __init__(self, brokers: Mapping[str, Service], java: Path, libraries: Path, directory: Path) -> None:
        self._kafka = java_command(java, libraries)
        self._ports = {name: {port: free_port() for port in _LISTENERS} for name in brokers}
        self.bootstrap = ",".join(f"127.0.0.1:{ports[19092]}" for ports in self._ports.values())
        self._running = [self._start(name, broker, directory) for name, broker in brokers.items()]

    def kill(self) -> None:
        """Kill all that still run."""
        for broker in self._running:
            broker.kill()

    def kill_one(self) -> None:
        """Kill one of those that run."""
        self._running.pop().kill()

    def _start(self, name: str, broker: Service, directory: Path) -> Child:
        """Do what the image does: settings from variables, storage formatted, broker started."""
        configuration = directory / f"{name}.properties"
        lines = (f"{key}={value}" for key, value in self._properties(name, broker, directory).items())
        configuration.write_text("\n".join(lines))
        cluster = ["--cluster-id", broker["environment"]["CLUSTER_ID"]]
        formatting = [*self._kafka, "kafka.tools.StorageTool", "format", *cluster, "--config", str(configuration)]
        done = subprocess.run(formatting, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return Child([*self._kafka, "kafka.Kafka", configuration], directory / f"{name}.log")

    def _properties(self, name: str, broker: Service, directory: Path) -> dict[str, str]:
        properties = {
            variable.removeprefix("KAFKA_").lower().replace("_", "."): str(value)
            for variable, value in broker["environment"].items()
            if variable.startswith("KAFKA_") and variable not in _OF_THE_PROGRAM
        }
        addresses = ("controller.quorum.voters", "listeners", "advertised.listeners")
        return (
            properties
            | {key: self._moved(properties[key], name) for key in addresses}
            | {"log.dirs": f"{directory / name}"}
        )

    def _moved(self, addresses: str, own_name: str) -> str:
        """The addresses of containers as they are on this machine; what is published there moves, too."""
        machine = re.sub(r"MACHINE://127\.0\.0\.1:\d+", "MACHINE://:9092", addresses)
        return re.sub(
            r"(?P<before>@|://)(?P<name>kafka-\d)?:(?P<port>\d+)",
            lambda found: f"{found['before']}127.0.0.1:{self._ports[found['name'] or own_name][int(found['port'])]}",
            machine,
        )
