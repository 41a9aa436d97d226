"""Logging in to a real broker with OAUTHBEARER: every kind of client, with tokens from a file and from librdkafka."""

import base64
import json
import time
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from pydantic import SecretStr

from common.errors import KafkaUnavailable
from common.kafka.cluster import KafkaCluster
from common.kafka.connection import KafkaConnection, SaslMechanism, SecurityProtocol, TokenSource
from common.kafka.producer import ProducerRecord
from common.kafka.topics import PartitionAddress
from tests.support.kafka.broker import KafkaBroker
from tests.support.processes.thunder import Thunder
from tests.support.unused import unique

UNSIGNED = (
    ("enable.sasl.oauthbearer.unsecure.jwt", SecretStr("true")),
    ("sasl.oauthbearer.config", SecretStr("principal=feed")),
)


def unsigned_token(seconds: float) -> str:
    now = time.time()
    claims = {"sub": "feed", "iat": now - 60, "exp": now + seconds}
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "none"}, claims)
    ]
    return ".".join(parts) + "."


def connection(kafka: KafkaBroker, tokens: TokenSource, *properties: tuple[str, SecretStr]) -> KafkaConnection:
    login = (SecurityProtocol.SASL_PLAINTEXT, SaslMechanism.OAUTHBEARER, None, None, None, None, None)
    return KafkaConnection(kafka.sasl_bootstrap, *login, tokens, properties)


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(unsigned_token(600))
    return path


def test_a_worker_logs_in_with_the_token_in_a_file(thunder: Thunder, kafka: KafkaBroker, token_file: Path) -> None:
    raw, refined = kafka.create_topic(unique("raw")), kafka.create_topic(unique("refined"))
    role = thunder.start(
        *("transform", "--kafka-group-id", unique("group"), "--tweet-events-topic", raw),
        *("--innetwork-post-topic", refined, "--in-network-events-consumer-dest", kafka.sasl_bootstrap),
        *("--security-protocol", "SASL_PLAINTEXT", "--sasl-mechanism", "OAUTHBEARER"),
        *("--kafka-oauth-token-file", str(token_file), "--kafka-property", "client.rack=a"),
        *("--kafka-property", "socket.nagle.disable=true"),
    )
    role.wait_until_ready()
    assert role.terminate() == 0


def test_librdkafka_gets_tokens_by_its_own_properties(kafka: KafkaBroker) -> None:
    cluster = KafkaCluster(connection(kafka, TokenSource(), *UNSIGNED))
    place = PartitionAddress(kafka.create_topic(unique("posts")), 0)
    with cluster.writer_for(place) as writer:
        writer.produce_and_flush(ProducerRecord(b"post"))
    with cluster.reader_of(place) as reader:
        assert [record.value for record in reader] == [b"post"]


def test_client_credentials_buy_a_token(kafka: KafkaBroker, token_endpoint: str) -> None:
    access = connection(kafka, TokenSource(url=token_endpoint))._replace(user="feed", password=SecretStr("secret"))
    assert KafkaCluster(access).wait_for_brokers(seconds=20) is not None
    assert base64.b64decode(_Endpoint.credentials.removeprefix("Basic ")) == b"feed:secret"


def test_a_token_endpoint_that_is_away_is_named(kafka: KafkaBroker) -> None:
    nowhere = TokenSource(url="http://127.0.0.1:1/token")
    access = connection(kafka, nowhere)._replace(user="feed", password=SecretStr("secret"))
    with pytest.raises(KafkaUnavailable, match="Failed to acquire SASL OAUTHBEARER token"):
        KafkaCluster(access).wait_for_brokers(seconds=1)


class _Endpoint(BaseHTTPRequestHandler):
    """An OpenID Connect token endpoint that trusts everyone."""

    credentials = ""

    def do_POST(self) -> None:
        _Endpoint.credentials = self.headers.get("Authorization", "")
        answer = json.dumps({"access_token": unsigned_token(600), "token_type": "Bearer", "expires_in": 600}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (http.server's)
        pass


@pytest.fixture
def token_endpoint() -> Generator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Endpoint)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/token"
    server.shutdown()
    server.server_close()
    thread.join()
