"""Follow events on a real topic, through `thunder ingest --events follows`, to the answers of `thunder serve`."""

import time

import grpc
import pytest
from confluent_kafka import Producer

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from ingest.decode.follow_event import encode_follow, follow_key
from ingest.decode.framing import encode_envelope
from ingest.events import Follow
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.refined_topic import produce_events, recent_posts
from tests.support.kafka.topic import read_topic
from tests.support.processes.thunder import Role, Thunder
from tests.support.redis.servers import RedisServer
from tests.support.unused import unique
from tests.support.wait import eventually

VIEWER, ANNA, BEN = 17, 2**63 - 1, 2**63 - 2
ANNAS_POSTS, BENS_POSTS = [3, 2, 1], [6, 5, 4]
NOW = int(time.time())


class System:
    """Workers and a server on one store, and what is produced for them. Anna and Ben have written three posts each."""

    def __init__(self, thunder: Thunder, kafka: KafkaBroker, store_url: str) -> None:
        self._thunder = thunder
        self.bootstrap = kafka.bootstrap
        self.dead_letters = unique("dead")
        self._posts = kafka.create_topic(unique("innetwork_post"))
        self._follows = kafka.create_topic(unique("follows"), 3)
        self._store_url = store_url
        self._producer = Producer({"bootstrap.servers": kafka.bootstrap})
        self._server: Role | None = None

    def start_posts(self) -> Role:
        posts = [*recent_posts(1, 3, ANNA), *recent_posts(4, 6, BEN)]
        produce_events(
            self.bootstrap, self._posts, [post._replace(created_at=NOW - 60 + post.post_id) for post in posts]
        )
        return self._worker("--innetwork-post-topic", self._posts)

    def start_follows(self) -> Role:
        return self._worker("--events", "follows", "--follows-topic", self._follows)

    def start_server(self) -> Role:
        self._server = self._thunder.start("serve", "--redis-url", self._store_url, "--follow-store")
        return self._server

    def send(self, *follows: Follow) -> None:
        for follow in follows:
            self.send_raw(encode_follow(follow), follow_key(follow))

    def send_raw(self, payload: bytes, key: bytes) -> None:
        """Return when it is acknowledged."""
        self._producer.produce(self._follows, payload, key)
        assert self._producer.flush(30) == 0

    def timeline(self, viewer_id: int = VIEWER) -> list[int]:
        """Answer to a request that names the viewer and nothing else."""
        assert self._server is not None
        return [post.post_id for post in self._server.ask(GetInNetworkPostsRequest(user_id=viewer_id)).posts]

    def timeline_once_filled(self) -> list[int] | None:
        """The same; None while the server refuses, as the store is being filled."""
        try:
            return self.timeline()
        except grpc.RpcError as error:
            if "The store is being filled" not in str(error):
                raise
            return None

    def _worker(self, *flags: str) -> Role:
        return self._thunder.start(
            *("ingest", "--kafka-group-id", unique("group"), "--auto-offset-reset", "smallest", *flags),
            *("--in-network-events-consumer-dest", self.bootstrap, "--redis-url", self._store_url),
            *("--dead-letter-topic", self.dead_letters, "--fetch-timeout-ms", "200"),
        )


@pytest.fixture
def system(thunder: Thunder, kafka: KafkaBroker, store_url: str) -> System:
    return System(thunder, kafka, store_url)


def test_follow_events_answer_requests_without_a_list(system: System) -> None:
    system.send(Follow(VIEWER, ANNA, 100, NOW - 9))
    roles = [system.start_posts(), system.start_follows(), system.start_server()]
    for role in roles:
        role.wait_until_ready()

    assert system.timeline() == ANNAS_POSTS
    assert system.timeline(viewer_id=404) == []

    system.send(Follow(VIEWER, BEN, 101, NOW - 8))
    eventually(lambda: system.timeline() == BENS_POSTS + ANNAS_POSTS, "posts of both")

    system.send(Follow(VIEWER, 0, 100, NOW - 7, removed=True), Follow(VIEWER, ANNA, 100, NOW - 9))
    eventually(lambda: system.timeline() == BENS_POSTS, "the follow has ended")

    removals = [Follow(VIEWER, BEN, 0, NOW, removed=True), Follow(VIEWER, ANNA, 102, NOW)]
    system.send_raw(encode_envelope([encode_follow(removals[0]), b"\xff", encode_follow(removals[1])]), b"17")
    eventually(lambda: system.timeline() == ANNAS_POSTS, "an envelope was read")
    (letter,) = read_topic(system.bootstrap, system.dead_letters, lambda letters: len(letters) == 1)
    assert letter.value() == b"\xff"

    follows = roles[1].metrics()
    assert follows.value("ingest_events_total", type="follow") == 4
    assert follows.value("ingest_events_total", type="unfollow") == 2
    assert "post_store_total_posts" not in follows.names()
    looked_up = roles[2].metrics()
    assert looked_up.value("strato_requests_total", status="success") > 0
    assert all(role.terminate() == 0 for role in roles)


def test_follows_alone_make_no_server_ready(thunder: Thunder, kafka: KafkaBroker, redis_url: str) -> None:
    system = System(thunder, kafka, redis_url)
    system.send(Follow(VIEWER, ANNA, 100, NOW))
    system.start_follows().wait_until_ready()
    server = system.start_server()
    server.wait_for_output("an ingest worker to read its topic")
    assert server.status("/readyz") == 503


def test_an_emptied_redis_is_filled_again(
    thunder: Thunder, kafka: KafkaBroker, redis_url: str, redis_server: RedisServer
) -> None:
    system = System(thunder, kafka, redis_url)
    roles = [system.start_posts(), system.start_follows(), system.start_server()]
    system.send(Follow(VIEWER, ANNA, 100, NOW - 9), Follow(VIEWER, BEN, 101, NOW - 8))
    for role in roles:
        role.wait_until_ready()
    eventually(lambda: system.timeline() == BENS_POSTS + ANNAS_POSTS, "posts of both")
    redis_server.flush()
    eventually(lambda: system.timeline_once_filled() == BENS_POSTS + ANNAS_POSTS, "posts of both again")
