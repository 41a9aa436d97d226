"""Passwords and tokens never show: not in help, logs of every level, metrics, answers or complaints."""

import base64
from collections.abc import Generator, Mapping
from contextlib import closing
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

import grpc
import pytest

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse
from tests.support.kafka.broker import KafkaBroker
from tests.support.processes.thunder import Role, Thunder
from tests.support.redis.users import INGEST, StoreWithUsers
from tests.support.serving.rpc import METHOD
from tests.support.sources.jetstream_server import JetstreamServer
from tests.support.sources.mastodon_server import TOKEN as ACCESS_TOKEN
from tests.support.sources.mastodon_server import MastodonServer
from tests.support.sources.scenes import Refuses, Says
from tests.support.unused import unique
from tests.support.wait import eventually

REDIS, KAFKA, TOKEN = "Redis/Passw0rd#1?", "Kafka-Passw0rd-2", "Bearer-T0ken-3"
SECRETS = (REDIS, KAFKA, TOKEN, ACCESS_TOKEN)
COMMANDS = (
    "",
    "demo",
    "query",
    "source bluesky",
    "source mastodon",
    "topics create",
    "transform",
    "ingest",
    "serve",
    "follows show",
)
USER = "alexandra"

Environment = dict[str, str]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Generator[StoreWithUsers]:
    """A user may also log in with the password of this test, which must be quoted in a URL."""
    store = StoreWithUsers(tmp_path_factory.mktemp("redis"), cluster=False)
    store.nodes[0].command("ACL SETUSER", "default", f">{REDIS}")
    yield store
    store.kill()


@pytest.fixture(scope="module")
def environment(store: StoreWithUsers, kafka: KafkaBroker, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Environment of all roles: every secret that there is, and the most verbose logs."""
    directory = tmp_path_factory.mktemp("secrets")
    tokens, url = directory / "tokens", directory / "url"
    tokens.write_text(f"{TOKEN}\n")
    access_token = directory / "access-token"
    access_token.write_text(f"{ACCESS_TOKEN}\n")
    url.write_text(f"redis://default:{quote(REDIS, safe='')}@127.0.0.1:{store.nodes[0].port}\n")
    kafka.set_password(USER, KAFKA)
    return {
        "THUNDER_LOG_LEVEL": "debug",
        "THUNDER_REDIS_URL_FILE": str(url),
        "THUNDER_GRPC_TOKENS_FILE": str(tokens),
        "THUNDER_MASTODON_ACCESS_TOKEN_FILE": str(access_token),
        "KAFKA_BROKERS": kafka.sasl_bootstrap,
        "THUNDER_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "THUNDER_SASL_MECHANISM": "SCRAM-SHA-512",
        "KAFKA_SASL_USER": USER,
        "KAFKA_SASL_PASSWORD": KAFKA,
        "THUNDER_INNETWORK_POST_TOPIC": kafka.create_topic(unique("refined")),
        "THUNDER_TOPIC": kafka.create_topic(unique("sent")),
        "THUNDER_FOLLOWS_TOPIC": kafka.create_topic(unique("follows")),
        "THUNDER_KAFKA_GROUP_ID": unique("group"),
    }


def shown(text: str) -> list[str]:
    """The secrets that a text shows, as they are or in a coat."""
    return [secret for secret in SECRETS if any(form in text for form in _forms(secret))]


def _forms(secret: str) -> tuple[str, ...]:
    coded = base64.b64encode(secret.encode()).decode()
    return secret, quote(secret), quote(secret, safe=""), repr(secret)[1:-1], coded


def output_of(role: Role) -> str:
    """Log and pages of a running role."""
    return "\n".join([role.output(), *(_page(role, path) for path in ("metrics", "healthz", "readyz"))])


def _page(role: Role, path: str) -> str:
    try:
        with urlopen(f"http://127.0.0.1:{role.http_port}/{path}", timeout=10) as answer:
            return answer.read().decode()
    except HTTPError as error:
        with error:
            return error.read().decode()


def ask(role: Role, token: str) -> str:
    """Error text that a caller with a token gets."""
    with grpc.insecure_channel(f"127.0.0.1:{role.grpc_port}") as channel:
        call = channel.unary_unary(
            METHOD,
            request_serializer=GetInNetworkPostsRequest.SerializeToString,
            response_deserializer=GetInNetworkPostsResponse.FromString,
        )
        try:
            return str(call(GetInNetworkPostsRequest(), timeout=10, metadata=(("authorization", f"Bearer {token}"),)))
        except grpc.RpcError as failure:
            return str(failure)


def test_roles_that_run_tell_no_secrets(thunder: Thunder, environment: Environment) -> None:
    worker = thunder.start("ingest", env=environment)
    server = thunder.start("serve", "--reflection", env=environment)
    with closing(JetstreamServer()) as network, closing(MastodonServer()) as instance:
        source = thunder.start("source", "bluesky", "--jetstream-url", network.url, env=environment)
        instance.stage.plays(Refuses(429), Says((instance.event(1),)))
        posts = thunder.start("source", "mastodon", "--server-url", instance.server_url, env=environment)
        roles = (worker, server, source, posts)
        for role in roles:
            role.wait_until_ready()
        assert ask(server, TOKEN) == ""
        refusal = ask(server, TOKEN + "x")
        assert "UNAUTHENTICATED" in refusal
        assert shown(refusal) == []
        eventually(lambda: len(instance.requests) == 2, "the token was sent twice")
        assert instance.requests[0]["Authorization"] == f"Bearer {ACCESS_TOKEN}"
        assert [shown(output_of(role)) for role in roles] == [[], [], [], []]
        assert [role.terminate() for role in roles] == [0, 0, 0, 0]
        assert [shown(role.output()) for role in roles] == [[], [], [], []]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_tells_no_secrets(thunder: Thunder, environment: Environment, command: str) -> None:
    done = thunder.run(*command.split(), "--help", env=environment)
    assert done.returncode == 0
    assert shown(done.stdout + done.stderr) == []


@pytest.mark.parametrize("role", ["ingest", "serve", "transform", "source"])
def test_the_doctor_tells_no_secrets(thunder: Thunder, environment: Environment, role: str) -> None:
    done = thunder.run("doctor", "--role", role, env=environment)
    assert "Traceback" not in done.stderr
    assert shown(done.stdout + done.stderr) == []


def test_follows_tell_no_secrets(thunder: Thunder, environment: Environment) -> None:
    done = thunder.run("follows", "set", "1", "2,3", env=environment)
    assert done.returncode == 0, done.stderr
    assert shown(done.stdout + done.stderr) == []


@pytest.mark.parametrize("command", ["ingest", "serve", "follows show 1", "doctor --role ingest"])
def test_wrong_secrets_are_not_shown_either(
    thunder: Thunder, environment: Environment, store: StoreWithUsers, command: str
) -> None:
    """The user of workers has another password than this."""
    url = f"redis://{INGEST}:{quote(REDIS, safe='')}@127.0.0.1:{store.nodes[0].port}"
    role = thunder.start(*command.split(), env=without_file(environment) | {"THUNDER_REDIS_URL": url})
    role.wait_for_output("invalid username-password pair|no permissions")
    assert shown(role.output()) == []


def test_a_wrong_password_of_kafka_is_not_shown(thunder: Thunder, environment: Environment, kafka: KafkaBroker) -> None:
    kafka.set_password("bertram", "another password")
    role = thunder.start("transform", env=environment | {"KAFKA_SASL_USER": "bertram"})
    assert role.wait() == 3
    assert "Kafka refused user 'bertram'" in role.output()
    assert shown(role.output()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"THUNDER_REDIS_URL": f"redis://:{REDIS}@localhost:6379"},
        {"THUNDER_REDIS_URL": REDIS},
        {"THUNDER_SASL_MECHANISM": KAFKA},
        {"THUNDER_HTTP_PORT": KAFKA},
    ],
    ids=["not percent-encoded", "no URL", "no mechanism", "no port"],
)
def test_secrets_in_the_wrong_place_are_not_repeated(
    thunder: Thunder, environment: Environment, wrong: Mapping[str, str]
) -> None:
    done = thunder.run("ingest", env=without_file(environment) | dict(wrong))
    assert done.returncode == 2
    assert shown(done.stdout + done.stderr) == []


def without_file(environment: Environment) -> Environment:
    return {name: value for name, value in environment.items() if name != "THUNDER_REDIS_URL_FILE"}
