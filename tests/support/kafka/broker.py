"""A real Apache Kafka broker for the tests."""

import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any, cast

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._scram import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from confluent_kafka.cimpl import NewPartitions, NewTopic

from tests.support.network.certificates import Authority
from tests.support.processes.child import Child
from tests.support.programs.installed import Progress, Unavailable, program
from tests.support.unused import free_port
from tests.support.wait import eventually

SASL_USER = "alice"
SASL_PASSWORD = "alice-secret"
WRITER = "bob"
WRITER_PASSWORD = "bob-secret"

_NO_COORDINATOR = (
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
)

_TLS_LISTENERS = ("mutual", "expired", "elsewhere", "stranger")

_CONFIGURATION = Path(__file__).parent


class KafkaBroker:
    """One KRaft node; topics and ports stay the same over stop, kill and restart.

    bootstrap: HOST:PORT without security.
    sasl_bootstrap: HOST:PORT, SASL_PLAINTEXT, offers PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 to SASL_USER, and
    OAUTHBEARER to who brings an unsigned token.
    scram_bootstrap: HOST:PORT, SASL_PLAINTEXT, offers SCRAM-SHA-512 alone, so that any other mechanism is a wrong one.
    Every two seconds clients must log in to it again.
    sasl_ssl_bootstrap: HOST:PORT, SASL_SSL, offers PLAIN and SCRAM-SHA-512 to SASL_USER, and PLAIN to WRITER.
    mutual_tls_bootstrap: HOST:PORT, SSL, for clients with a certificate of the authority.
    untrusted_bootstraps: the same, but the broker's certificate is "expired", for "elsewhere" or of a "stranger".
    authority: it signed the other certificates of the broker; ca_path: PEM file with its own.
    """

    def __init__(self, libraries: Path, directory: Path, progress: Progress) -> None:
        """Format the storage in directory and start; libraries holds the jars. Raises Unavailable without Java."""
        self._kafka = java_command(program("java", "default-jre-headless", progress), libraries)
        self._directory = directory
        self._properties = directory / "broker.properties"
        ports = {
            name: free_port() for name in ("plaintext", "sasl", "scram", "sasl_ssl", "controller", *_TLS_LISTENERS)
        }
        addresses = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
        self.bootstrap = addresses["plaintext"]
        self.sasl_bootstrap = addresses["sasl"]
        self.scram_bootstrap = addresses["scram"]
        self.sasl_ssl_bootstrap = addresses["sasl_ssl"]
        self.mutual_tls_bootstrap = addresses["mutual"]
        self.untrusted_bootstraps = {name: addresses[name] for name in ("expired", "elsewhere", "stranger")}
        self.authority = Authority(directory, progress)
        self.ca_path = self.authority.ca
        self._issue_certificates(progress)
        self._configure(ports)
        self._format()
        self._server = self._start()

    def create_topic(self, name: str, partitions: int = 1, configuration: Mapping[str, str] | None = None) -> str:
        """Create a topic, wait until it has leaders, return its name."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        topic = NewTopic(name, num_partitions=partitions, replication_factor=1, config=dict(configuration or {}))
        admin.create_topics([topic])[name].result(30)

        def has_leaders() -> bool:
            topic = admin.list_topics(name, timeout=10).topics[name]
            return len(topic.partitions) == partitions and all(p.leader == 1 for p in topic.partitions.values())

        eventually(has_leaders, f"leaders for the {partitions} partitions of {name}")
        return name

    def make_topic_again(self, name: str, partitions: int = 1) -> None:
        """Delete a topic, and create it without its messages, as soon as it is gone."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        admin.delete_topics([name])[name].result(30)
        eventually(lambda: name not in admin.list_topics(timeout=10).topics, f"{name} to go", interval=0.02)
        self.create_topic(name, partitions)

    def add_partitions(self, topic: str, total: int) -> None:
        """Enlarge a topic to this number of partitions, wait until they are listed."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        admin.create_partitions([NewPartitions(topic, total)])[topic].result(30)
        eventually(
            lambda: len(admin.list_topics(topic, timeout=10).topics[topic].partitions) == total, f"{total} partitions"
        )

    def set_password(self, user: str, password: str) -> None:
        """Let a user log in with this password by SCRAM-SHA-512, with another one no longer."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        kind = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, iterations=4096)
        change = UserScramCredentialUpsertion(user, kind, password.encode())
        cast("Any", admin).alter_user_scram_credentials([change])[user].result(30)

    def shares(self, group: str) -> list[set[int]]:
        """Partitions that each member of a consumer group holds; none before there is a coordinator."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        try:
            description = cast("Any", admin.describe_consumer_groups([group]))[group].result(30)
        except KafkaException as error:
            if error.args[0].code() in _NO_COORDINATOR:
                return []
            raise
        return [{place.partition for place in member.assignment.topic_partitions} for member in description.members]

    def segments(self, topic: str) -> list[Path]:
        """Files that hold the messages of a topic, as they came over the wire."""
        return sorted((self._directory / "data").glob(f"{topic}-*/*.log"))

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

    def _issue_certificates(self, progress: Progress) -> None:
        """NAME.pem for the keystore of each listener: key, then certificate."""
        others = self._directory / "others"
        others.mkdir()
        for name, issued in (
            ("server", self.authority.issue("server")),
            ("expired", self.authority.issue("expired", days=-1)),
            ("elsewhere", self.authority.issue("elsewhere", "DNS:elsewhere.example")),
            ("stranger", Authority(others, progress).issue("stranger")),
        ):
            (self._directory / f"{name}.pem").write_text(issued.key.read_text() + issued.certificate.read_text())

    def _configure(self, ports: Mapping[str, int]) -> None:
        tls = ",".join(f"{name.upper()}://127.0.0.1:{ports[name]}" for name in _TLS_LISTENERS)
        facts = {"directory": self._directory, "data": self._directory / "data", "tls_listeners": tls}
        users = {"user": SASL_USER, "password": SASL_PASSWORD, "writer": WRITER, "writer_password": WRITER_PASSWORD}
        template = Template((_CONFIGURATION / "broker.properties").read_text())
        listeners = {f"{name}_port": port for name, port in ports.items()}
        self._properties.write_text(template.substitute(facts | users | listeners))

    def _format(self) -> None:
        command = [*self._kafka, "kafka.tools.StorageTool", "format", "--standalone"]
        cluster_id = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command += [f"--cluster-id={cluster_id}"]  # it may begin with a dash
        command += ["--config", str(self._properties)]
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
            command += ["--add-scram", f"{mechanism}=[name={SASL_USER},password={SASL_PASSWORD}]"]
        formatted = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if formatted.returncode != 0:
            raise Unavailable(f"formatting the storage of Kafka failed:\n{formatted.stdout[-2000:]}")

    def _start(self) -> Child:
        server = Child([*self._kafka, "kafka.Kafka", self._properties], self._directory / "broker.log")
        server.wait_for_output("Kafka Server started", timeout=60)
        return server


def java_command(java: Path, libraries: Path) -> list[str]:
    """Command line in front of the class of Kafka that is to run."""
    options = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    logging = f"-Dlog4j2.configurationFile={_CONFIGURATION / 'log4j2.properties'}"
    return [str(java), *options, logging, "-cp", f"{libraries}/*"]
