# /// script
# requires-python = ">=3.11"
# dependencies = ["stream-framework==1.4.0", "redis>=2.10,<3", "setuptools<81"]
# ///
# pyright: basic, reportMissingImports=false
"""Costs of stream-framework 1.4.0, which writes each post into the feed of every follower.

    uv run tests/benchmarks/stream_feed.py [--json]

It has an environment of its own, as it needs an older redis-py than the product; a Redis server must be on PATH. CPU
time is that of this process, in which the library reads, and of Redis: there is no server in front of it. Its feed is
what was written into it, of ids of ten digits at most: no limit per author, no reply filter, no exclusions.
"""

import argparse
import json
import os
import resource
import socket
import subprocess
import time
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryDirectory

import redis
from stream_framework import settings
from stream_framework.activity import Activity
from stream_framework.feeds.redis import RedisFeed
from stream_framework.verbs.base import Love

VIEWERS, FOLLOWERS, ENTRIES, POSTS, READS = 20, 200, 1200, 20, 40
LENGTHS = (1200, 100)


class Timeline(RedisFeed):
    key_format = "feed:timeline:%(user_id)s"
    max_length = ENTRIES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one object instead of lines")
    options = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with TemporaryDirectory() as folder:
        command = ["redis-server", "--port", str(port), "--save", "", "--dir", folder, "--bind", "127.0.0.1"]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            found = run(port)
        finally:
            server.kill()
            server.wait()
    print(json.dumps(found) if options.json else "\n".join(f"{name}: {value:,.1f}" for name, value in found.items()))


def run(port: int) -> dict[str, float]:
    settings.STREAM_REDIS_CONFIG = {"default": {"host": "127.0.0.1", "port": port, "db": 0, "password": None}}
    client = redis.StrictRedis(port=port)
    while not answers(client):
        time.sleep(0.05)
    now = datetime.now(UTC).replace(tzinfo=None)
    shared = [activity(number, now - timedelta(seconds=ENTRIES - number)) for number in range(ENTRIES)]
    Timeline.insert_activities(shared)
    before = client.info()["used_memory"]
    for viewer in range(VIEWERS):
        Timeline(viewer).add_many(shared, trim=False)
    found = {"bytes_per_entry": (client.info()["used_memory"] - before) / VIEWERS / ENTRIES}
    for length in LENGTHS:
        began = cpu_seconds(client)
        for number in range(READS):
            assert len(Timeline(number % VIEWERS)[:length]) == length
        found[f"reads_of_{length}_per_cpu_second"] = READS / (cpu_seconds(client) - began)
    began = cpu_seconds(client)
    for number in range(POSTS):
        written = activity(ENTRIES + number, now + timedelta(seconds=number))
        Timeline.insert_activity(written)
        for follower in range(FOLLOWERS):
            Timeline(follower).add(written)
    found["cpu_us_per_post_and_follower"] = (cpu_seconds(client) - began) / POSTS / FOLLOWERS * 1e6
    return found


def answers(client: redis.StrictRedis) -> bool:
    try:
        return client.ping()
    except redis.ConnectionError:
        return False


def activity(number: int, at: datetime) -> Activity:
    return Activity(actor=number % 200, verb=Love, object=number + 1, time=at)


def cpu_seconds(client: redis.StrictRedis) -> float:
    """Of this process and of Redis."""
    used, of_redis = resource.getrusage(resource.RUSAGE_SELF), client.info("cpu")
    return used.ru_utime + used.ru_stime + of_redis["used_cpu_user"] + of_redis["used_cpu_sys"]


if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    main()
