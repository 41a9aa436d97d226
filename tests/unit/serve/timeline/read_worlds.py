"""Random stores with faults, and what the contract says of a request to one: over a plain list of all posts."""

import random
from collections.abc import Collection, Sequence
from typing import NamedTuple

from common.ids import MAX_ID
from common.post import LightPost
from common.store.keys import KeySpace
from common.store.member import NEWEST_TAG, encode_member
from common.store.record import TOMBSTONE, encode_record
from serve.query import Caps, Place, Query

KEYS = KeySpace(buckets=16, post_hashes=64)
NOW = 1_790_000_000
OLDEST = NOW - 600
VIEWER = 7
DEFAULT_CAPS = Caps(50, 30, 100, 500)


class Held(NamedTuple):
    """A post that Redis holds: members of versions, whether it is among the videos, and its record."""

    post: LightPost
    members: tuple[bytes, ...]
    listed_as_video: bool
    record: bytes | None

    @property
    def is_readable(self) -> bool:
        """Whether this version understands a member."""
        return any(member[-1] <= NEWEST_TAG for member in self.members)

    @property
    def has_newer(self) -> bool:
        """Whether a newer version wrote a member."""
        return any(member[-1] > NEWEST_TAG for member in self.members)


class Faults(NamedTuple):
    """Buckets whose commands end in errors, that are not readable, and that are unsafe; nodes that do not answer."""

    errors: Collection[int] = ()
    left_out: Collection[int] = ()
    unsafe: Collection[int] = ()
    down: Collection[int] = ()

    @property
    def exist(self) -> bool:
        """Whether anything is wrong."""
        return any(map(len, self))


class World(NamedTuple):
    """A store, a request to it, and the most bytes that this may read."""

    held: Sequence[Held]
    query: Query
    node_of_bucket: Sequence[int]
    faults: Faults
    max_bytes: int

    @property
    def is_limited(self) -> bool:
        """Whether bytes may run out."""
        return self.max_bytes < 1 << 26

    def is_lost(self, bucket: int) -> bool:
        """Whether nothing can be read of a bucket."""
        faults = self.faults
        lost = bucket in faults.errors or bucket in faults.left_out
        return lost or self.node_of_bucket[bucket] in faults.down

    def readable(self) -> frozenset[int] | None:
        """As a fetcher says it."""
        left_out = self.faults.left_out
        return frozenset(range(KEYS.buckets)).difference(left_out) if left_out else None

    def members(self, author: int, video: bool) -> list[bytes]:
        """The list of an author as Redis orders it, newest first."""
        listed = [held for held in self.held if held.post.author_id == author]
        return sorted(
            (member for held in listed if held.listed_as_video or not video for member in held.members), reverse=True
        )

    def record(self, post_id: int) -> bytes | None:
        """What the store holds of a post."""
        return next((held.record for held in self.held if held.post.post_id == post_id), None)


def answer_of(world: World, *, with_faults: bool) -> list[LightPost]:
    """All posts of the request, newest first, without its max_results."""
    query = world.query
    found: list[LightPost] = []
    for author in query.following:
        if author not in query.excluded_authors | query.blocked_authors:
            found += _of_author(world, author, with_faults=with_faults)
    found.sort(key=_newest_first)
    before = query.before
    return [post for post in found if before is None or _newest_first(post) > (-before.created_at, -before.post_id)]


def _newest_first(post: LightPost) -> tuple[int, int]:
    return -post.created_at, -post.post_id


def _of_author(world: World, author: int, *, with_faults: bool) -> list[LightPost]:
    query, caps = world.query, world.query.caps
    if with_faults and world.is_lost(KEYS.author(author).bucket):
        return []
    listed = [held.post for held in world.held if held.post.author_id == author and _counts(world, held, with_faults)]
    listed.sort(key=_newest_first)
    if query.video:
        return _passing(world, listed, caps.video, with_faults=with_faults)
    kinds = ([post for post in listed if post.is_original is kind] for kind in (True, False))
    originals, secondary = kinds
    return _passing(world, originals, caps.original, with_faults=with_faults) + _passing(
        world, secondary, caps.secondary, with_faults=with_faults
    )


def _counts(world: World, held: Held, with_faults: bool) -> bool:
    query, post = world.query, held.post
    if post.created_at < OLDEST or post.created_at <= query.created_after or (query.video and not held.listed_as_video):
        return False
    return not with_faults or (held.is_readable and KEYS.post(post.post_id).bucket not in world.faults.unsafe)


def _passing(world: World, posts: list[LightPost], cap: int, *, with_faults: bool) -> list[LightPost]:
    query = world.query
    scanned = [post for post in posts if post.post_id not in query.excluded][: query.caps.scan]
    hidden = query.excluded_authors | query.blocked_authors | {query.viewer_id}
    return [
        post
        for post in scanned
        if not (post.is_retweet and post.source_user_id in hidden)
        and not (query.exclude_replies and post.is_reply)
        and not (query.exclude_reposts and post.is_retweet)
        and (query.video or post.is_original or _reply_passes(world, post, with_faults=with_faults))
    ][:cap]


def _reply_passes(world: World, post: LightPost, *, with_faults: bool) -> bool:
    if post.in_reply_to_post_id is None:
        return True
    parent = _parent(world, post.in_reply_to_post_id, with_faults=with_faults)
    if parent is None or parent.is_original:
        return parent is not None
    return (
        post.conversation_id is not None
        and parent.in_reply_to_post_id == post.conversation_id
        and post.in_reply_to_user_id in world.query.following
    )


def _parent(world: World, post_id: int, *, with_faults: bool) -> LightPost | None:
    if with_faults and world.is_lost(KEYS.post(post_id).bucket):
        return None
    for held in world.held:
        if held.post.post_id == post_id and held.record and not held.record[0] & TOMBSTONE:
            is_unsafe = with_faults and KEYS.author(held.post.author_id).bucket in world.faults.unsafe
            return held.post if held.post.created_at >= OLDEST and not is_unsafe else None
    return None


class _Maker:
    """Makes a world of one seed. Small numbers meet each other: ties, own reposts, parents, exclusions."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._authors = self._make_authors()
        self._ids: list[int] = []
        self._replies: list[LightPost] = []

    def world(self) -> World:
        """The store is made first: requests name what is in it."""
        held = self._held()
        nodes = self._random.choice((1, 1, 2, 3))
        node_of_bucket = [self._random.randrange(nodes) for _ in range(KEYS.buckets)]
        limit = self._random.randrange(1, 40_000) if self._odds(0.05) else 1 << 26
        return World(held, self._query(held), node_of_bucket, self._faults(nodes), limit)

    def _odds(self, chance: float) -> bool:
        return self._random.random() < chance

    def _make_authors(self) -> list[int]:
        if self._odds(0.06):  # a wide request, which is read in parts
            return self._random.sample(range(1, 2000), self._random.randrange(260, 620))
        return self._random.sample([*range(1, 20), MAX_ID, 2**40, 10**18], self._random.randrange(1, 9))

    def _held(self) -> list[Held]:
        wide = len(self._authors) > 100
        numbers = [self._random.choice((0, 1, 2, 3) if wide else (0, 1, 3, 8, 20, 90)) for _ in self._authors]
        if not wide and self._odds(0.08):
            numbers[0] = self._random.randrange(480, 700)
        span = self._random.choice((3, 60, 700))
        count = sum(numbers)
        self._ids = self._random.sample(range(1, 3 * count + 20), count)
        if self._odds(0.3):
            self._ids = [MAX_ID - post_id for post_id in self._ids]
        authors = [author for author, number in zip(self._authors, numbers, strict=True) for _ in range(number)]
        return [self._hold(post_id, author, span) for post_id, author in zip(self._ids, authors, strict=True)]

    def _hold(self, post_id: int, author: int, span: int) -> Held:
        post = self._post(post_id, author, span)
        if post.is_reply:
            self._replies.append(post)
        record: bytes | None = encode_record(post, listed_as_video=False)
        if self._odds(0.1):
            record = self._random.choice((None, bytes((TOMBSTONE,)) + encode_record(post, listed_as_video=False)[1:]))
        return Held(post, self._members(post), self._odds(0.3), record)

    def _members(self, post: LightPost) -> tuple[bytes, ...]:
        member = encode_member(post)
        newer = member + bytes((1, NEWEST_TAG + 8))
        if self._odds(0.97):
            return (member,)
        return self._random.choice(((newer,), (newer,), (member, newer)))

    def _post(self, post_id: int, author: int, span: int) -> LightPost:
        created_at = NOW + 30 - self._random.randrange(span)
        post = LightPost(post_id, author, created_at, has_video=self._odds(0.2))
        if self._odds(0.3):
            post = post._replace(conversation_id=self._random.choice(self._ids))
        if self._odds(0.6):
            return post
        user = self._random.choice((VIEWER, None, *self._authors[:6]))
        if self._odds(0.5):
            post = post._replace(is_retweet=True, source_user_id=user, source_post_id=self._some_id())
        if not post.is_retweet or self._odds(0.2):
            post = post._replace(is_reply=True, in_reply_to_user_id=user, in_reply_to_post_id=self._some_id())
        return self._deeper(post) if post.is_reply and self._replies and self._odds(0.5) else post

    def _deeper(self, post: LightPost) -> LightPost:
        """The same, as a reply to a reply, most likely to one that answers the root of the conversation."""
        parent = self._random.choice(self._replies)
        post = post._replace(in_reply_to_post_id=parent.post_id, conversation_id=parent.in_reply_to_post_id)
        if self._odds(0.6):
            post = post._replace(in_reply_to_user_id=parent.author_id)
        return post if self._odds(0.8) else post._replace(conversation_id=self._some_id())

    def _some_id(self) -> int | None:
        return self._random.choice((None, self._random.choice(self._ids), self._random.choice(self._ids), 10**18 + 1))

    def _query(self, held: Sequence[Held]) -> Query:
        rng, ids = self._random, [found.post.post_id for found in held] or [1]
        following = rng.sample(self._authors, rng.randrange(max(1, len(self._authors) - 2), len(self._authors) + 1))
        excluded = frozenset(rng.choices(ids, k=rng.choice((0, 0, 3, len(ids) // 2))))
        some_authors = [*self._authors[:6], VIEWER, 10**18 + 5]
        return Query(
            rng.choice((VIEWER, 0)),
            tuple(following),
            excluded,
            rng.choice((1, 2, 5, 20, 100, 1200)),
            video=self._odds(0.2),
            caps=DEFAULT_CAPS if self._odds(0.5) else self._caps(),
            created_after=rng.choice((NOW - 1, NOW - 40, NOW - 500, 2**63 - 1)) if self._odds(0.15) else 0,
            before=self._place(held) if self._odds(0.15) else None,
            excluded_authors=frozenset(rng.choices(some_authors, k=2)) if self._odds(0.15) else frozenset(),
            exclude_replies=self._odds(0.08),
            exclude_reposts=self._odds(0.08),
            blocked_authors=frozenset(rng.choices(some_authors, k=2)) if self._odds(0.1) else frozenset(),
        )

    def _caps(self) -> Caps:
        original, secondary, video = (self._random.randrange(5) for _ in range(3))
        return Caps(original, secondary, video, self._random.randrange(1, 8))

    def _place(self, held: Sequence[Held]) -> Place:
        if held and self._odds(0.8):
            post = self._random.choice(held).post
            return Place(post.created_at, post.post_id)
        return self._random.choice((Place(NOW - 300, 1), Place(OLDEST - 1, 5), Place(2**63 - 1, MAX_ID)))

    def _faults(self, nodes: int) -> Faults:
        if self._odds(0.7):
            return Faults()
        rng = self._random
        of_authors = {KEYS.author(author).bucket for author in self._authors} if self._odds(0.3) else set[int]()
        buckets = [bucket for bucket in range(KEYS.buckets) if bucket not in of_authors] or [0]
        kind = rng.choice(("errors", "left_out", "unsafe", "down", "several"))
        chosen = {
            name: rng.sample(buckets, min(len(buckets), rng.randrange(1, 8)))
            for name in ("errors", "left_out", "unsafe")
        }
        chosen["down"] = [rng.randrange(nodes)]
        return Faults(**chosen) if kind == "several" else Faults(**{kind: chosen[kind]})


def random_world(seed: int) -> World:
    """The world of a seed, always the same."""
    return _Maker(seed).world()
