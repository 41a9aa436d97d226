"""A read server as a good engineer writes it in an afternoon: redis-py, one pipeline, protobuf objects, a plain merge.

It reads the store of the product, and answers its common form of requests correctly: followed authors, excluded posts,
max_results and the viewer, with the default limits. It has no deadline, no admission, no partial answers, no metrics,
no cluster, and neither videos, pages, per-author limits nor exclusions of kinds and authors.
"""

import asyncio
import os
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import grpc
import redis.asyncio as redis

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse, LightPost
from common.store.keys import KeySpace
from common.store.record import PostRecord, live_record, record_field

MOST_ORIGINALS, MOST_SECONDARY, MOST_EXAMINED, DEFAULT_RESULTS = 50, 30, 500, 1200

Scored = Sequence[tuple[bytes, float]]
Parents = Mapping[int, PostRecord | None]


class NaiveReader:
    """Reads timelines from one Redis."""

    def __init__(self, url: str, keys: KeySpace, retention_seconds: int) -> None:
        self._redis = redis.Redis.from_url(url)
        self._keys = keys
        self._retention = retention_seconds

    async def answer(self, request: GetInNetworkPostsRequest, _context: object) -> GetInNetworkPostsResponse:
        """Read all posts of all authors, drop what the rules forbid, sort, cut."""
        oldest = int(time.time()) - self._retention
        following = [author for author in dict.fromkeys(request.following_user_ids) if author]
        excluded = frozenset(request.exclude_tweet_ids)
        lists = await self._read_authors(following, oldest, excluded)
        parents = await self._read_parents(lists, oldest)
        found: list[LightPost] = []
        for posts in lists:
            found += allowed(posts, request.user_id, frozenset(following), parents)
        found.sort(key=lambda post: (post.created_at, post.post_id), reverse=True)
        most = request.max_results or DEFAULT_RESULTS
        return GetInNetworkPostsResponse(posts=found[:most], has_more=len(found) > most)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _read_authors(
        self, authors: Sequence[int], oldest: int, excluded: Collection[int]
    ) -> list[list[LightPost]]:
        pipeline: Any = self._redis.pipeline(transaction=False)
        for author in authors:
            pipeline.zrevrange(self._keys.author(author).posts, 0, -1, withscores=True)
        replies = cast("list[Scored]", await pipeline.execute())
        return [list(posts_of(reply, author, oldest, excluded)) for author, reply in zip(authors, replies, strict=True)]

    async def _read_parents(self, lists: Iterable[Iterable[LightPost]], oldest: int) -> Parents:
        ids = list({post.in_reply_to_post_id for posts in lists for post in posts if post.in_reply_to_post_id})
        pipeline: Any = self._redis.pipeline(transaction=False)
        for post_id in ids:
            pipeline.hget(self._keys.post(post_id).hash, record_field(post_id))
        replies = cast("list[bytes | None]", await pipeline.execute())
        return {post_id: live_record(reply, oldest) for post_id, reply in zip(ids, replies, strict=True)}


def posts_of(reply: Scored, author: int, oldest: int, excluded: Collection[int]) -> Iterator[LightPost]:
    """Parse an author's posts, newest first: a member is a post without its author, reversed."""
    for member, created_at in reply:
        if created_at < oldest:
            return
        post = LightPost.FromString(member[::-1])
        post.author_id = author
        if post.post_id not in excluded:
            yield post


def allowed(
    posts: Iterable[LightPost], viewer_id: int, following: Collection[int], parents: Parents
) -> Iterator[LightPost]:
    """Yield the posts of one author that the rules allow, within the caps."""
    examined = {False: 0, True: 0}
    kept = {False: 0, True: 0}
    for post in posts:
        secondary = post.is_reply or post.is_retweet
        examined[secondary] += 1
        if examined[secondary] > MOST_EXAMINED or kept[secondary] >= (MOST_SECONDARY if secondary else MOST_ORIGINALS):
            continue
        if not (post.is_retweet and post.source_user_id == viewer_id) and passes(post, following, parents):
            kept[secondary] += 1
            yield post


def passes(post: LightPost, following: Collection[int], parents: Parents) -> bool:
    """Whether the reply filter lets the post through."""
    if not post.is_reply or not post.in_reply_to_post_id:
        return True
    parent = parents.get(post.in_reply_to_post_id)
    if parent is None:
        return False
    if not (parent.is_reply or parent.is_retweet):
        return True
    same_root = bool(post.conversation_id) and parent.in_reply_to_post_id == post.conversation_id
    return same_root and post.in_reply_to_user_id in following


async def serve_naively(port: int, reader: NaiveReader) -> None:
    """Answer until the process ends."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    handler: grpc.RpcMethodHandler[Any, Any] = grpc.unary_unary_rpc_method_handler(
        reader.answer, GetInNetworkPostsRequest.FromString, GetInNetworkPostsResponse.SerializeToString
    )
    service = grpc.method_handlers_generic_handler("thunder.v1.InNetworkPostsService", {"GetInNetworkPosts": handler})
    server.add_generic_rpc_handlers((service,))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


async def serve_store() -> None:
    """Serve the store of REDIS_URL on a port: its arguments are port, buckets, post hashes and retention."""
    port, buckets, post_hashes, retention_seconds = map(int, sys.argv[1:])
    await serve_naively(port, NaiveReader(os.environ["REDIS_URL"], KeySpace(buckets, post_hashes), retention_seconds))


def main() -> None:
    """Run until the process is stopped."""
    asyncio.run(serve_store())
