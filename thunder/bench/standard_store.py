"""The standard store: a million posts of 20,000 authors, and the requests that are measured on it. Seeded, pure."""

import random
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from common.post import LightPost

AUTHORS = 20_000
POSTS_PER_AUTHOR = 50
SPAN_SECONDS = 40 * 3600
SECONDARY_SHARE = 0.3
STORED_PARENT_SHARE = 0.6
VIDEO_SHARE = 0.05
ZIPF_EXPONENT = 0.9
SEEN_IDS = 100


@cache
def standard_authors(count: int = AUTHORS) -> Sequence[int]:
    """Ids of authors, the most followed first; a smaller store has the first of them."""
    rng = random.Random(20_260_704)
    return [rng.randrange(10**18, 2 * 10**18) for _ in range(count)]


def posts(now: int, authors: int = AUTHORS, posts_per_author: int = POSTS_PER_AUTHOR) -> Iterator[LightPost]:
    """Yields oldest first, so that parents come before their replies. 19-digit ids."""
    rng = random.Random(1)
    count = authors * posts_per_author
    turns = [author for author in standard_authors(authors) for _ in range(posts_per_author)]
    rng.shuffle(turns)
    recent: list[LightPost] = []
    for index, author in enumerate(turns):
        post_id = (1_730_000_000_000_000_000 + index * 4_194_304_000) + rng.randrange(4096)
        created_at = now - SPAN_SECONDS + index * SPAN_SECONDS // count
        post = _post(rng, post_id, author, created_at, recent)
        recent.append(post)
        if len(recent) > 2000:
            del recent[:1000]
        yield post


def _post(rng: random.Random, post_id: int, author: int, created_at: int, recent: list[LightPost]) -> LightPost:
    has_video = rng.random() < VIDEO_SHARE
    if rng.random() >= SECONDARY_SHARE or not recent:
        return LightPost(post_id, author, created_at, has_video=has_video, conversation_id=post_id)
    other = rng.choice(recent)
    if rng.random() < 0.5:
        return LightPost(
            post_id,
            author,
            created_at,
            is_retweet=True,
            source_post_id=other.post_id,
            source_user_id=other.author_id,
            conversation_id=post_id,
        )
    parent = other.post_id if rng.random() < STORED_PARENT_SHARE else other.post_id + 1
    return LightPost(
        post_id,
        author,
        created_at,
        in_reply_to_post_id=parent,
        in_reply_to_user_id=other.author_id,
        is_reply=True,
        has_video=has_video,
        conversation_id=other.conversation_id,
    )


def requests(
    count: int, follows: int, max_results: int, seen: Sequence[int], authors: Sequence[int] | None = None
) -> list[GetInNetworkPostsRequest]:
    """Follows drawn by Zipf from authors; SEEN_IDS excluded ids, half of them from seen (ids of stored posts)."""
    rng = random.Random(follows * 1000 + max_results)
    drawn_from = standard_authors() if authors is None else authors
    weights = list(accumulate((rank + 1) ** -ZIPF_EXPONENT for rank in range(len(drawn_from))))
    return [
        GetInNetworkPostsRequest(
            user_id=rng.randrange(1, 10**18),
            following_user_ids=_following(rng, follows, drawn_from, weights),
            max_results=max_results,
            exclude_tweet_ids=_excluded(rng, seen),
        )
        for _ in range(count)
    ]


def _following(rng: random.Random, follows: int, authors: Sequence[int], weights: list[float]) -> list[int]:
    following: set[int] = set()
    while len(following) < min(follows, len(authors)):
        following.update(rng.choices(authors, cum_weights=weights, k=follows - len(following)))
    return list(following)


def _excluded(rng: random.Random, seen: Sequence[int]) -> list[int]:
    half = SEEN_IDS // 2
    stored = rng.sample(seen, min(half, len(seen)))
    return stored + [rng.randrange(10**18, 2 * 10**18) for _ in range(half)]
