"""I1, and I4 to the letter: what Kafka holds, applied to the plain model, against servers and Redis at rest."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

import grpc
import redis
from confluent_kafka import Consumer, TopicPartition

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from common.post import LightPost
from common.store.member import post_id
from ingest.decode.create_rules import drop_reason, normalised
from ingest.decode.refined_event import decode_event
from ingest.events import Event, Malformed
from tests.chaos.checks.checker import Violation
from tests.chaos.records.readers import MOST_RESULTS
from tests.support.conformance.model import Model
from tests.support.conformance.scenarios import query_of
from tests.support.processes.thunder import Role
from tests.support.redis.servers import RedisServer

RETENTION_SECONDS = 172_800
SKEW_SECONDS = 60
_AT_ONCE = 60

Ids = frozenset[int]


class Truth:
    """What must be there once everything is applied."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.now = int(time.time())
        self.posts: dict[int, LightPost] = {}
        self._model = Model(RETENTION_SECONDS)
        for event in events:
            if isinstance(event, LightPost):
                post = normalised(event)
                if drop_reason(post, self.now, RETENTION_SECONDS, SKEW_SECONDS):
                    continue
                self.posts.setdefault(post.post_id, post)
                self._model.apply([post], self.now)
            else:
                self._model.apply([event], self.now)

    @property
    def authors(self) -> list[int]:
        """Of every post, deleted ones too."""
        return sorted({post.author_id for post in self.posts.values()})

    def answer(self, request: GetInNetworkPostsRequest) -> list[int]:
        """Ids that a server must answer, in order."""
        return self._model.read(query_of(request), self.now)

    def is_repost(self, post_id: int) -> bool:
        return post_id in self.posts and self.posts[post_id].is_retweet

    def kept(self, author: int) -> Ids:
        """Ids of the posts of an author that are stored."""
        lists = (self._model.posts(author, self.now, secondary=secondary) for secondary in (False, True))
        return frozenset(post.post_id for posts in lists for post in posts)

    def original_videos(self, author: int) -> Ids:
        """Of his stored videos, those that are no reposts: whether a repost is one depends on the order of arrival."""
        return frozenset(post.post_id for post in self._model.videos(author, self.now) if not post.is_retweet)


def events_of_topic(brokers: str, topic: str) -> list[Event]:
    """Every event that Kafka holds; of each partition in its order. What is no event is left out."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "truth", "log_level": 0})
    try:
        found: list[Event] = []
        for payload in _payloads(consumer, topic):
            try:
                decoded = decode_event(payload)
            except Malformed:
                continue
            if isinstance(decoded, Event):
                found.append(decoded)
        return found
    finally:
        consumer.close()


def _payloads(consumer: Consumer, topic: str) -> Iterator[bytes]:
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    ends = {number: _end(consumer, topic, number) for number in partitions}
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    deadline = time.monotonic() + 120
    while ends:
        assert time.monotonic() < deadline, f"the topic could not be read to its end: {ends}"
        for message in consumer.consume(5000, 0.5):
            if message.error() is not None:
                continue
            partition, offset = cast("int", message.partition()), cast("int", message.offset())
            yield message.value() or b""
            if offset + 1 >= ends.get(partition, 0):
                ends.pop(partition, None)
        for partition, end in list(ends.items()):
            if end == 0:
                del ends[partition]


def _end(consumer: Consumer, topic: str, partition: int) -> int:
    _, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
    return end


def wrong_answers(truth: Truth, servers: Sequence[Role]) -> Iterator[Violation]:
    """I1 and I4: each server answers for every author exactly what the model does."""
    authors = truth.authors
    for start in range(0, len(authors), _AT_ONCE):
        request = GetInNetworkPostsRequest(
            following_user_ids=authors[start : start + _AT_ONCE], max_results=MOST_RESULTS
        )
        expected = truth.answer(request)
        for number, server in enumerate(servers):
            if difference := _difference(server, request, expected, truth.posts):
                yield Violation("I1", time.monotonic(), f"server {number} at rest {difference}")


def _difference(
    server: Role, request: GetInNetworkPostsRequest, expected: list[int], posts: Mapping[int, LightPost]
) -> str:
    """What is wrong with the answer; empty when nothing is."""
    try:
        answer = server.ask(request)
    except grpc.RpcError as error:
        return f"answers {cast('grpc.Call', error).code().name}"
    if answer.partial:
        return "answers in part"
    found = [post.post_id for post in answer.posts]
    if found == expected:
        return ""
    missing, more = set(expected) - set(found), set(found) - set(expected)
    if missing or more:
        return f"lacks {len(missing)} posts {_some(missing, posts)}, shows {len(more)} too many {_some(more, posts)}"
    return "answers in another order than the model"


def _some(ids: Iterable[int], posts: Mapping[int, LightPost]) -> list[str]:
    return [f"{each} of {posts[each].author_id}" if each in posts else str(each) for each in sorted(ids)[:3]]


def wrong_keys(truth: Truth, servers: Sequence[RedisServer]) -> Iterator[Violation]:
    """I1: Redis holds the posts of every author, and no others."""
    for kind, expected_of in (("p", truth.kept), ("v", truth.original_videos)):
        held = _held(servers, kind)
        for author in {*truth.authors, *held}:
            found = held[author]
            if kind == "v":
                found = frozenset(each for each in found if not truth.is_repost(each))
            expected = expected_of(author)
            if found != expected:
                missing, more = _some(expected - found, truth.posts), _some(found - expected, truth.posts)
                text = f"list {kind} of author {author} lacks {len(expected - found)} {missing}"
                yield Violation("I1", time.monotonic(), f"{text}, has {len(found - expected)} too many {more}")


def _held(servers: Sequence[RedisServer], kind: str) -> defaultdict[int, Ids]:
    """Ids in that list of each author."""
    held: defaultdict[int, Ids] = defaultdict(frozenset)
    for server in servers:
        keys = _keys(server.client, f"a:*:{kind}:*")
        pipeline = server.client.pipeline(transaction=False)
        for key in keys:
            pipeline.zrange(key, 0, -1)  # pyright: ignore[reportUnknownMemberType]
        for key, members in zip(keys, cast("list[list[bytes]]", pipeline.execute()), strict=True):
            held[int(key.rpartition(b":")[2])] |= frozenset(map(post_id, members))
    return held


def _keys(client: redis.Redis, pattern: str) -> list[bytes]:
    return list(cast("Iterator[bytes]", client.scan_iter(pattern, count=1000)))  # pyright: ignore[reportUnknownMemberType]
