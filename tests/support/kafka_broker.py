"""A real Apache Kafka broker for the tests."""

import subprocess
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path
from string import Template

from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.support.child import Child
from tests.support.free_ports import free_port
from tests.support.programs import Progress, Unavailable, program
from tests.support.wait import eventually

SASL_USER = "alice"
SASL_PASSWORD = "alice-secret"

_CONFIGURATION = Path(__file__).with_name("kafka")


class KafkaBroker:
    """One KRaft node; topics and ports stay the same over stop, kill and restart.

    bootstrap: HOST:PORT without security.
    sasl_bootstrap: HOST:PORT, SASL_PLAINTEXT, offers PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 to SASL_USER.
    scram_bootstrap: HOST:PORT, SASL_PLAINTEXT, offers SCRAM-SHA-512 alone, so that any other mechanism is a wrong one.
    """

    def __init__(self, libraries: Path, directory: Path, progress: Progress) -> None:
        """Format the storage in directory and start; libraries holds the jars. Raises Unavailable without Java."""
        self._java = program("java", "default-jre-headless", progress)
        self._libraries = libraries
        self._directory = directory
        self._properties = directory / "broker.properties"
        ports = {f"{listener}_port": free_port() for listener in ("plaintext", "sasl", "scram", "controller")}
        self.bootstrap = f"127.0.0.1:{ports['plaintext_port']}"
        self.sasl_bootstrap = f"127.0.0.1:{ports['sasl_port']}"
        self.scram_bootstrap = f"127.0.0.1:{ports['scram_port']}"
        template = Template((_CONFIGURATION / "broker.properties").read_text())
        facts = {"data": str(directory / "data"), "user": SASL_USER, "password": SASL_PASSWORD}
        self._properties.write_text(template.substitute(facts | {name: str(port) for name, port in ports.items()}))
        self._format()
        self._server = self._start()

    def create_topic(self, name: str, partitions: int = 1) -> str:
        """Create a topic, wait until it has leaders, return its name."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        admin.create_topics([NewTopic(name, num_partitions=partitions, replication_factor=1)])[name].result(30)

        def has_leaders() -> bool:
            topic = admin.list_topics(name, timeout=10).topics[name]
            return len(topic.partitions) == partitions and all(p.leader == 1 for p in topic.partitions.values())

        eventually(has_leaders, f"leaders for the {partitions} partitions of {name}")
        return name

    def stop(self) -> None:
        """Stop the broker in order; nothing happens when it does not run."""
        if self._server.exit_code is None:
            self._server.terminate()

    def kill(self) -> None:
        """Kill the broker at once; what it had acknowledged is on disk."""
        self._server.kill()

    def restart(self) -> None:
        """Start the broker again, stopped in order first when it runs."""
        self.stop()
        self._server = self._start()

    def _format(self) -> None:
        command = [*self._java_command(), "kafka.tools.StorageTool", "format", "--standalone"]
        command += ["--cluster-id", urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")]
        command += ["--config", str(self._properties)]
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
            command += ["--add-scram", f"{mechanism}=[name={SASL_USER},password={SASL_PASSWORD}]"]
        formatted = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if formatted.returncode != 0:
            raise Unavailable(f"formatting the storage of Kafka failed:\n{formatted.stdout[-2000:]}")

    def _start(self) -> Child:
        server = Child([*self._java_command(), "kafka.Kafka", self._properties], self._directory / "broker.log")
        server.wait_for_output("Kafka Server started", timeout=60)
        return server

    def _java_command(self) -> list[str]:
        options = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        logging = f"-Dlog4j2.configurationFile={_CONFIGURATION / 'log4j2.properties'}"
        return [str(self._java), *options, logging, "-cp", f"{self._libraries}/*"]
