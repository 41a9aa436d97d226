"""Timelines of a recording of Bluesky, with its lines in any order. Real Redis and Cluster."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from common.ids import id_of_string
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse, InNetworkEvent
from common.retention import Retention
from common.store.client import StoreClient
from common.store.keys import KeySpace
from ingest.decode.follow_event import decode_follow, encode_follow
from ingest.decode.refined_event import encode_event
from ingest.events import Event, Follow
from ingest.sources.bluesky.jetstream import parse_jetstream_line
from ingest.sources.jsonl.source import ReplaySource
from ingest.write.follow_writer import FollowWriter
from serve.store.fetcher import RedisFetcher
from serve.store.follow_store import RedisFollows
from serve.store.nodes import NodeConnections
from serve.timeline.timeline import Timelines
from tests.support.conformance.scenarios import accepted, query_of
from tests.support.redis.event_writer import EventWriter
from tests.support.sources.jetstream_lines import ALICE, AT, BOB, FOLLOW, POST, REPOST, Json, line, reply, uri

KEYS = KeySpace()
RETENTION = 172_800
NOW = AT + 100
CAROL = "did:plc:carolxxxxxxxxxxxxxxxxxxx"
VIDEO: Json = {"$type": "app.bsky.embed.video"}


def create(did: str, at: int, rkey: str, collection: str = POST, **record: object) -> str:
    content: Json = {"createdAt": "2025-10-09T08:00:00Z"} | record
    return change(did, at, operation="create", collection=collection, rkey=rkey, record=content)


def delete(did: str, at: int, rkey: str, collection: str = POST) -> str:
    return change(did, at, operation="delete", collection=collection, rkey=rkey)


def change(did: str, at: int, **commit: object) -> str:
    return line(did=did, time_us=(AT + at) * 1_000_000, commit=commit)


LINES = [
    create(ALICE, 1, "kept"),
    change(ALICE, 2, operation="update", collection=POST, rkey="kept", record={"text": "edited"}),
    delete(ALICE, 3, "gone"),
    create(ALICE, 4, "gone"),
    create(ALICE, 5, "reused"),
    delete(ALICE, 6, "reused"),
    create(ALICE, 7, "reused"),
    create(ALICE, 8, "undated", createdAt="yesterday"),
    create(ALICE, 9, "film", embed=VIDEO),
    create(ALICE, 10, "quoted", embed={"$type": "app.bsky.embed.recordWithMedia", "media": VIDEO, "record": {}}),
    "oops",
    create(BOB, 11, "reply", reply=reply(uri(ALICE, rkey="kept"), uri(ALICE, rkey="kept"))),
    create(BOB, 12, "orphan", reply=reply(uri(ALICE, rkey="gone"), uri(ALICE, rkey="gone"))),
    create(BOB, 13, "repost", REPOST, subject={"uri": uri(ALICE, rkey="kept")}),
    create(BOB, 14, "regretted", REPOST, subject={"uri": uri(ALICE, rkey="film")}),
    delete(BOB, 15, "regretted", REPOST),
    create(CAROL, 16, "before"),
    line(did=CAROL, time_us=(AT + 17) * 1_000_000, kind="account", account={"active": False, "status": "deleted"}),
]
"""Carol's account is deleted. Everybody is followed."""

SEEN = {
    uri(ALICE, rkey="kept"),
    uri(ALICE, rkey="undated"),
    uri(ALICE, rkey="film"),
    uri(ALICE, rkey="quoted"),
    uri(BOB, rkey="reply"),
    uri(BOB, REPOST, "repost"),
}
FILMS = {uri(ALICE, rkey="film"), uri(ALICE, rkey="quoted")}


FOLLOWS = [
    create(ALICE, 1, "bob", FOLLOW, subject=BOB),
    create(ALICE, 2, "carol", FOLLOW, subject=CAROL),
    create(ALICE, 3, "herself", FOLLOW, subject=ALICE),
    delete(ALICE, 4, "carol", FOLLOW),
]
"""Alice changes her mind about Carol, in a line that does not say whom it is about."""


@pytest.fixture
def store_client(store_url: str) -> Iterator[StoreClient]:
    store_client = StoreClient(store_url, KEYS.buckets, timeout_seconds=10)
    yield store_client
    store_client.close()


def said(path: Path, lines: Sequence[str]) -> list[Event | Follow]:
    """Events of a recording for a store."""
    path.write_text("\n".join(lines))
    parsed = ReplaySource("bluesky", path, parse_jetstream_line).listen("", lambda: False)
    return [one.event for one in parsed if one.event is not None]


def events(path: Path, lines: Sequence[str]) -> list[Event]:
    """Events of a recording that reach the store, over the format of the refined topic."""
    sent = [event for event in said(path, lines) if not isinstance(event, Follow)]
    wire = [InNetworkEvent.FromString(encode_event(event)) for event in sent]
    return [event for event in (accepted(message, NOW, RETENTION) for message in wire) if event is not None]


def follows(path: Path, lines: Sequence[str]) -> list[Follow]:
    """The follows of a recording, over the format of their topic."""
    sent = [event for event in said(path, lines) if isinstance(event, Follow)]
    return [decode_follow(encode_follow(follow)) for follow in sent]


async def seen(url: str, *, videos: bool = False) -> list[int]:
    connections = NodeConnections(url, KEYS.buckets, timeout_seconds=10)
    following = [id_of_string(did) for did in (ALICE, BOB, CAROL)]
    request = GetInNetworkPostsRequest(user_id=1, following_user_ids=following, is_video_request=videos)
    try:
        answer = await Timelines(RedisFetcher(connections, KEYS), Retention(RETENTION), max_bytes=64 << 20).read(
            query_of(request), NOW
        )
    finally:
        connections.close()
    return [post.post_id for post in GetInNetworkPostsResponse.FromString(answer.body).posts]


def forwards(lines: list[str]) -> list[str]:
    return lines


def backwards(lines: list[str]) -> list[str]:
    return lines[::-1]


def twice(lines: list[str]) -> list[str]:
    return lines + lines


@pytest.mark.parametrize("order", [forwards, backwards, twice])
def test_a_viewer_sees_the_same_posts_in_any_order_of_events(
    order: Callable[[list[str]], list[str]], store_client: StoreClient, store_url: str, tmp_path: Path
) -> None:
    EventWriter(store_client, KEYS, Retention(RETENTION)).write(events(tmp_path / "recording.jsonl", order(LINES)), NOW)

    assert sorted(asyncio.run(seen(store_url))) == sorted(map(id_of_string, SEEN))
    assert sorted(asyncio.run(seen(store_url, videos=True))) == sorted(map(id_of_string, FILMS))


def test_what_a_loss_of_the_connection_repeats_is_harmless(
    store_client: StoreClient, store_url: str, tmp_path: Path
) -> None:
    writer = EventWriter(store_client, KEYS, Retention(RETENTION))
    everything = events(tmp_path / "recording.jsonl", LINES)
    for first in range(len(everything)):
        writer.write(everything[first : first + 5], NOW + first)

    assert sorted(asyncio.run(seen(store_url))) == sorted(map(id_of_string, SEEN))


async def following(url: str, did: str) -> list[int]:
    connections = NodeConnections(url, KEYS.buckets, timeout_seconds=5)
    try:
        return await RedisFollows(connections, KEYS).following(id_of_string(did), 10)
    finally:
        connections.close()


@pytest.mark.parametrize("order", [forwards, backwards, twice])
def test_the_end_of_a_follow_names_the_follow_alone(
    order: Callable[[list[str]], list[str]], store_client: StoreClient, store_url: str, tmp_path: Path
) -> None:
    FollowWriter(store_client, KEYS).write(follows(tmp_path / "recording.jsonl", order(FOLLOWS)), NOW)

    assert sorted(asyncio.run(following(store_url, ALICE))) == sorted(map(id_of_string, [ALICE, BOB]))
