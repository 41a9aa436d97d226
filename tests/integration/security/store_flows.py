"""Everything that each user of a store does with it, by real processes fed by a real Kafka."""

import json
import time
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

from confluent_kafka import Producer

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from common.store.member import LIST_CAP
from common.store.scripts import FOLLOW_BOUNDS
from ingest.decode.follow_event import encode_follow, follow_key
from ingest.events import AuthorDelete, Follow, PostDelete
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.refined_topic import produce_events, recent_posts
from tests.support.processes.source_runs import Sources
from tests.support.processes.thunder import Role, Thunder
from tests.support.redis.users import INGEST, SERVE, SOURCE, STATUS, TOOLS, StoreWithUsers
from tests.support.sources.jetstream_server import JetstreamServer
from tests.support.sources.scenes import Says
from tests.support.unused import unique
from tests.support.wait import eventually

AUTHOR, ERASED, VIEWER = 7, 8, 9
MORE_THAN_A_LIST_HOLDS = range(10, 10 + FOLLOW_BOUNDS.cap + 2)
"""Ids of people."""
FEW_HASHES = ("--post-hashes", "8")
"""So few that each holds more records than are swept at once."""


class StoreFlows:
    """Each flow ends what it started, so that the calls of each user are known. ingest() first: serve() reads it."""

    def __init__(self, thunder: Thunder, kafka: KafkaBroker, store: StoreWithUsers, directory: Path) -> None:
        self._thunder = thunder
        self._kafka = kafka
        self._store = store
        self._directory = directory

    def ingest(self) -> None:
        """Creates, deletes and author deletes, more posts than a list holds, follows, and all of it once more."""
        topic = self._kafka.create_topic(unique("innetwork_post"))
        last = LIST_CAP + 200
        posts = [post._replace(has_video=True) for post in recent_posts(1, last, AUTHOR)]
        reply = posts[0]._replace(
            post_id=last + 1, is_reply=True, in_reply_to_post_id=2, in_reply_to_user_id=AUTHOR, conversation_id=2
        )
        erased = recent_posts(last + 2, last + 3, ERASED)
        produce_events(self._kafka.bootstrap, topic, [*posts, reply, *erased])
        produce_events(self._kafka.bootstrap, topic, [PostDelete(1, posts[0].created_at), AuthorDelete(ERASED, 0)])
        for more in ((), ("--rebuild",)):
            role = self._ingest("refined", "--innetwork-post-topic", topic, *more)
            eventually(lambda role=role: role.metrics().value("post_store_total_posts") > 0, "an estimate of the store")
            assert role.terminate() == 0
        follows = self._kafka.create_topic(unique("follows"))
        produce_follows(self._kafka.bootstrap, follows)
        role = self._ingest("follows", "--follows-topic", follows)
        assert role.terminate() == 0

    def serve(self) -> None:
        """Timelines, with and without a list of follows, videos, and the live page."""
        role = self._thunder.start(
            *("serve", "--redis-url", self._store.url(SERVE), "--follow-store", "--live-page"), *FEW_HASHES
        )
        role.wait_until_ready()
        for request in (
            GetInNetworkPostsRequest(user_id=VIEWER, following_user_ids=[AUTHOR]),
            GetInNetworkPostsRequest(user_id=VIEWER, following_user_ids=[AUTHOR], is_video_request=True),
            GetInNetworkPostsRequest(user_id=VIEWER),
            GetInNetworkPostsRequest(following_user_ids=[AUTHOR], created_after=int(time.time()) - 36_000),
        ):
            assert role.ask(request).posts
        for path in ("viewers", f"now?viewer={VIEWER}"):
            with urlopen(f"http://127.0.0.1:{role.http_port}/page/{path}", timeout=10) as answer:
                assert str(VIEWER) in json.dumps(json.load(answer))
        assert role.terminate() == 0

    def status(self) -> None:
        """The status of the store that was filled."""
        brokers = ("--in-network-events-consumer-dest", self._kafka.bootstrap)
        done = self._thunder.run("status", "--json", *brokers, "--redis-url", self._store.url(STATUS))
        assert json.loads(done.stdout)["redis"]["layout"], done.stderr

    def source(self) -> None:
        """A live source, which keeps its counts and where it stopped."""
        sources = Sources(self._thunder, self._kafka, self._store.url(SOURCE))
        with closing(JetstreamServer()) as network:
            network.stage.plays(Says((network.event(1),)))
            role = sources.start("bluesky", "--jetstream-url", network.url)
            role.wait_until_ready()
            eventually(lambda: role.metrics().value("source_produced_total") == 1, "the event is sent")
            assert role.terminate() == 0
        assert "Redis" not in role.output()

    def tools(self) -> None:
        """Follow lists in an empty store, one of them longer than a list may be, and a removal of long ago."""
        self._store.reset()
        lines = self._directory / "follows"
        removal = f'{{"viewer_id": {VIEWER}, "target_id": 1, "at": 1600000000, "removed": true}}\n'
        lines.write_text(removal + "".join(f"{VIEWER},{target}\n" for target in MORE_THAN_A_LIST_HOLDS))
        actions = (
            ["import", str(lines)],
            ["set", "5", "1,2,3"],
            ["add", "5", "4"],
            ["remove", "5", "1"],
            ["show", "5"],
            ["show", "404"],
        )
        for action in actions:
            done = self._thunder.run("follows", *action, "--redis-url", self._store.url(TOOLS))
            assert done.returncode == 0, done.stderr

    def _ingest(self, events: str, *flags: str) -> Role:
        role = self._thunder.start(
            *("ingest", "--kafka-group-id", unique("group"), "--auto-offset-reset", "smallest", "--events", events),
            *("--in-network-events-consumer-dest", self._kafka.bootstrap, "--redis-url", self._store.url(INGEST)),
            *("--lag-monitor-interval-secs", "1", *FEW_HASHES, *flags),
        )
        role.wait_until_ready()
        return role


def produce_follows(bootstrap: str, topic: str) -> None:
    """Of VIEWER, who follows AUTHOR and more than a list holds."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5})
    for at, target in enumerate((*MORE_THAN_A_LIST_HOLDS, AUTHOR), start=1_700_000_000):
        follow = Follow(VIEWER, target, 0, at)
        producer.produce(topic, encode_follow(follow), follow_key(follow))
    assert producer.flush(30) == 0
