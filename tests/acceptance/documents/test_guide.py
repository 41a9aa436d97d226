"""The guide's two command lines, as they are written there, against a real Kafka and a real Redis."""

import re
import time

import grpc
import pytest
from confluent_kafka import Message

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from common.post import LightPost
from common.store.keys import KeySpace
from common.store.layout import initialise_layout
from ingest.decode.refined_event import decode_event
from ingest.events import Decoded, PostDelete
from tests.acceptance.documents.guide import start_ingestion, start_serving
from tests.support.kafka.broker import WRITER, WRITER_PASSWORD, KafkaBroker
from tests.support.kafka.refined_topic import produce_events, recent_posts
from tests.support.kafka.topic import KafkaTopic, read_topic
from tests.support.processes.thunder import Role, Thunder
from tests.support.redis.servers import RedisServer
from tests.support.wait import eventually
from thunder.demo.synthetic.raw_tweets import encode_create, encode_delete
from thunder.embedded.child import is_free

GRPC_PORT = 50051
RAW, REFINED = "tweet_events", "innetwork_post"
LOG_LINES = [
    "INFO thunder.*: Initialized PostStore",
    "INFO thunder.*: Starting Kafka background tasks",
    r"INFO thunder.*: Kafka init took (\d+\.\d+)s",
    "INFO thunder.*: HTTP/gRPC server is ready",
]


@pytest.fixture(scope="module")
def brokers(kafka: KafkaBroker) -> KafkaBroker:
    """Brokers with the topics that Thunder reads and writes by default."""
    kafka.create_topic(RAW, partitions=2)
    kafka.create_topic(REFINED, partitions=2)
    return kafka


@pytest.fixture
def guides_port() -> None:
    """The port that the guide names is to be had: no other Thunder runs on this machine."""
    if not is_free(GRPC_PORT):
        pytest.skip(f"port {GRPC_PORT} is taken")


def posts_of(role: Role, author: int) -> list[int]:
    answer = role.ask(GetInNetworkPostsRequest(following_user_ids=[author]))
    assert not answer.partial
    return [post.post_id for post in answer.posts]


@pytest.mark.usefixtures("guides_port")
def test_serving_mode_fills_an_empty_store_and_serves_it(
    thunder: Thunder, brokers: KafkaBroker, redis_url: str
) -> None:
    produce_events(brokers.bootstrap, REFINED, recent_posts(1, 3, author_id=21))
    role = start_serving(thunder, brokers, THUNDER_REDIS_URL=redis_url)
    role.wait_until_ready()
    assert role.grpc_port == GRPC_PORT
    assert posts_of(role, 21) == [1, 2, 3]
    match = re.search(".*".join(LOG_LINES), role.output(), re.DOTALL)
    assert match, role.output()
    assert role.metrics().value("init_duration_seconds") > float(match[1]) - 0.1, "serving began after that"
    assert role.terminate() == 0


@pytest.mark.usefixtures("guides_port")
def test_serving_mode_is_ready_only_after_catch_up(
    thunder: Thunder, brokers: KafkaBroker, redis_server: RedisServer, redis_url: str
) -> None:
    initialise_layout(redis_server.client, KeySpace(), retention_seconds=172_800)
    produce_events(brokers.bootstrap, REFINED, recent_posts(11, 13, author_id=22))
    with redis_server.writes_paused():
        role = start_serving(thunder, brokers, THUNDER_REDIS_URL=redis_url, THUNDER_REDIS_TIMEOUT_MS="300")
        role.wait_for_output("Paused, holding a batch")
        assert role.status("/healthz") == 200
        assert role.status("/readyz") == 503
        assert "is ready" not in role.output()
        with pytest.raises(grpc.RpcError):
            posts_of(role, 22)
    role.wait_until_ready()
    assert posts_of(role, 22) == [11, 12, 13]
    assert role.terminate() == 0


def refined_events(brokers: KafkaBroker, *ids: int) -> dict[int, Decoded]:
    """Events of the refined topic about these posts, by key, once it has one about each."""
    events: dict[int, Decoded] = {}

    def complete(messages: list[Message]) -> bool:
        events.update((int(message.key() or 0), decode_event(message.value() or b"")) for message in messages)
        return events.keys() >= set(ids)

    read_topic(brokers.bootstrap, REFINED, complete)
    return {number: events[number] for number in ids}


def test_ingestion_mode_refines_raw_tweets_over_tls(thunder: Thunder, brokers: KafkaBroker) -> None:
    role = start_ingestion(thunder, brokers)
    role.wait_until_ready()
    now = int(time.time())
    original = LightPost(101, 31, now - 5, has_video=True)
    reply = LightPost(102, 32, now - 4, 101, 31, is_reply=True, conversation_id=101)
    advertisement = encode_create(LightPost(103, 31, now), nullcast=True)
    raw = KafkaTopic(brokers.bootstrap, RAW)
    raw.produce(encode_create(original), advertisement, encode_create(reply), encode_delete(104))
    moved = refined_events(brokers, 101, 102, 104)
    assert (moved[101], moved[102]) == (original, reply)
    assert isinstance(moved[104], PostDelete)
    eventually(lambda: role.metrics().value("ingest_events_total") == 3, "the events to be counted")
    assert role.metrics().value("ingest_dropped_events_total", reason="nullcast") == 1
    assert role.terminate() == 0


def test_producer_credentials_may_differ(thunder: Thunder, brokers: KafkaBroker) -> None:
    writer = {"KAFKA_PRODUCER_SASL_USER": WRITER, "KAFKA_PRODUCER_SASL_PASSWORD": WRITER_PASSWORD}
    role = start_ingestion(thunder, brokers, **writer)
    role.wait_until_ready()
    post = LightPost(111, 33, int(time.time()))
    KafkaTopic(brokers.bootstrap, RAW).produce(encode_create(post))
    assert refined_events(brokers, 111) == {111: post}
    assert role.terminate() == 0
