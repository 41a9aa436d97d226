"""Feeding running servers through Kafka, and asking them over gRPC."""

from collections.abc import Generator
from contextlib import contextmanager
from itertools import count

import grpc
from confluent_kafka import KafkaError, Message, Producer

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse, InNetworkEvent
from tests.acceptance.replay import Wave
from tests.support.serving.rpc import METHOD
from tests.support.wait import eventually

_BY_KEY = -1
_SENTINELS = count(8 * 10**18)


class Pipeline:
    """A refined topic and the server that shows what ingest made of it."""

    def __init__(self, bootstrap: str, topic: str, partitions: int, channel: grpc.Channel) -> None:
        self._topic = topic
        self._partitions = partitions
        self._producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5, "partitioner": "murmur2_random"})
        self._ask = channel.unary_unary(
            METHOD,
            request_serializer=GetInNetworkPostsRequest.SerializeToString,
            response_deserializer=GetInNetworkPostsResponse.FromString,
        )

    def feed(self, wave: Wave) -> None:
        """Send a wave and return when it has been ingested: a post of every partition sent after it is visible."""
        for event in wave.events:
            self._send(event, partition=None)
        author = next(_SENTINELS)
        for partition in range(self._partitions):
            sentinel = {"post_id": next(_SENTINELS), "author_id": author, "created_at": wave.at}
            self._send(InNetworkEvent(tweet_create_event=sentinel), partition)
        self._producer.flush()
        request = GetInNetworkPostsRequest(following_user_ids=[author])
        eventually(
            lambda: len(self.ask(request).posts) == self._partitions, f"the sentinels of author {author} are visible"
        )

    def ask(self, request: GetInNetworkPostsRequest) -> GetInNetworkPostsResponse:
        """The answer of the server."""
        return self._ask(request, timeout=10)

    def _send(self, event: InNetworkEvent, partition: int | None) -> None:
        post_id = event.tweet_create_event.post_id or event.tweet_delete_event.post_id
        where = _BY_KEY if partition is None else partition
        self._producer.produce(
            self._topic, event.SerializeToString(), key=str(post_id), partition=where, on_delivery=_must_be_delivered
        )


def _must_be_delivered(error: KafkaError | None, _: Message) -> None:
    assert error is None, error


@contextmanager
def pipeline(bootstrap: str, topic: str, partitions: int, grpc_port: int) -> Generator[Pipeline]:
    with grpc.insecure_channel(f"127.0.0.1:{grpc_port}") as channel:
        yield Pipeline(bootstrap, topic, partitions, channel)
