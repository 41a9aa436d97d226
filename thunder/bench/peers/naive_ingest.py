"""An ingest worker as a good engineer writes it in an afternoon: ZADD, EXPIRE and HSET for each post, in a pipeline.

It has no deletes, no repeats, no video lists, no envelopes, no dead letters, no caps, and writes a store of its own:
protobuf objects by author, and a hash with an entry for each post.
"""

import os
import sys
from typing import Any

import redis
from confluent_kafka import Consumer, Message

from common.pb.thunder.v1.in_network_pb2 import InNetworkEvent, LightPost

BATCH, RETENTION_SECONDS, HASHES = 1000, 172_800, 16_384


def write(client: redis.Redis, messages: list[Message]) -> None:
    """Write the posts of these messages in one pipeline."""
    pipeline: Any = client.pipeline(transaction=False)
    for message in messages:
        create = InNetworkEvent.FromString(message.value() or b"").tweet_create_event
        fields = {descriptor.name: value for descriptor, value in create.ListFields()}
        post = LightPost(**fields)
        key = f"naive:author:{create.author_id}"
        pipeline.zadd(key, {post.SerializeToString(): create.created_at})
        pipeline.expire(key, RETENTION_SECONDS)
        pipeline.hset(f"naive:posts:{create.post_id % HASHES}", str(create.post_id), create.author_id)
    pipeline.execute()


def read_and_write(brokers: str, topic: str, group: str) -> None:
    """Read the topic and write until the process ends."""
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "partition.assignment.strategy": "range",
            "log_level": 0,
        }
    )
    consumer.subscribe([topic])
    while True:
        messages = [message for message in consumer.consume(BATCH, 0.1) if message.error() is None]
        if messages:
            write(client, messages)
            consumer.commit(asynchronous=True)


def main() -> None:
    """Run until the process is stopped: its arguments are brokers, topic and group."""
    read_and_write(*sys.argv[1:])
