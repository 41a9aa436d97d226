"""What each script but that of follows answers and leaves behind, as the head of its file says, on small stores."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import pytest

from common.post import LightPost
from common.retention import Retention
from common.store.client import StoreClient
from common.store.commands import NodeCommand, Reply
from common.store.keys import META, KeySpace
from common.store.member import NEWEST_TAG, encode_member
from common.store.record import encode_record, record_field
from common.store.scripts import MOST_PER_CALL, WRITE_LAYOUT, Removal, erase_author, remove_posts
from tests.integration.store.script_calls import DELETE, Addition, Claim, add_call, claim_call, sweep_call

KEYS = KeySpace(buckets=1, post_hashes=1)
NOW = 1_790_000_000
RETENTION = Retention(600, 60)
OLDEST = NOW - 600
TRIM_BEFORE = OLDEST - 3600
ANN, BOB = KEYS.author(5), KEYS.author(6)
POST = LightPost(1, 5, NOW - 9, has_video=True)
RECORD = encode_record(POST, listed_as_video=True)
UNKNOWN = bytes(12)


def seconds(time: int) -> bytes:
    return time.to_bytes(4, "big")


AUTHOR_AND_TIME = RECORD[5:13] + seconds(POST.created_at)


class Store:
    """Runs scripts on one Redis."""

    def __init__(self, url: str) -> None:
        self._client = StoreClient(url, KEYS.buckets, timeout_seconds=5)
        [node] = self._client.node_clients()
        self.redis: Any = node
        node.flushall()

    def run(self, packed: bytes) -> Reply:
        [reply] = self._client.run([NodeCommand(0, packed)])
        if isinstance(reply, Exception):
            raise reply
        return reply

    def claim(self, *records: bytes, now: int = NOW, key: bytes = b"h:0", post: int = 1) -> bytes:
        return self.run(claim_call([Claim(key, post, record) for record in records], RETENTION, now, due=[key]))

    def held(self, key: bytes = b"h:0", post: int = 1) -> bytes | None:
        return self.redis.hget(key, record_field(post))

    def sweep(self, *keys: bytes) -> int:
        return self.run(sweep_call(keys, RETENTION, NOW))

    def add(self, *posts: LightPost, cap: int = 5000, videos: bool = False, due: Sequence[bytes] = ()) -> list[bytes]:
        return self.run(add_call([Addition(ANN, post, videos) for post in posts], RETENTION, cap, NOW, due=due))

    def fill(self, key: bytes, scores: Mapping[Any, int]) -> None:
        for first in range(0, len(scores), 1000):
            self.redis.zadd(key, dict([*scores.items()][first : first + 1000]))
        self.redis.expire(key, 60)

    def members(self, key: bytes) -> list[bytes]:
        return cast("list[bytes]", self.redis.zrange(key, 0, -1))

    def close(self) -> None:
        self._client.close()


@pytest.fixture
def store(redis_url: str) -> Iterator[Store]:
    store = Store(redis_url)
    yield store
    store.close()


def originals(count: int, first: int = 1, at: int = NOW) -> list[LightPost]:
    return [LightPost(number, 5, at) for number in range(first, first + count)]


def scores(posts: Sequence[LightPost]) -> dict[bytes, int]:
    return {encode_member(post): post.created_at for post in posts}


@pytest.mark.parametrize("post", [POST, POST._replace(in_reply_to_post_id=2, is_reply=True)])
def test_a_create_is_claimed_once(store: Store, post: LightPost) -> None:
    record = encode_record(post, listed_as_video=True)
    other = encode_record(post._replace(conversation_id=3), listed_as_video=False)
    assert store.claim(record, record, other) == record[:1] * 2 + b"\0"
    assert store.held() == record
    assert store.redis.ttl("h:0") == RETENTION.ttl_seconds


@pytest.mark.parametrize(("created_at", "holds"), [(OLDEST, True), (OLDEST - 1, False)])
def test_a_record_holds_while_it_counts(store: Store, created_at: int, holds: bool) -> None:
    old = encode_record(LightPost(1, 6, created_at), listed_as_video=False)
    store.claim(old)
    assert store.claim(RECORD) == (b"\0" if holds else RECORD[:1])
    assert store.held() == (old if holds else RECORD)


def test_a_delete_names_what_it_deletes(store: Store) -> None:
    assert store.claim(RECORD, DELETE) == RECORD[:1] + AUTHOR_AND_TIME + seconds(NOW)
    assert store.held() == b"\1" + seconds(NOW) + AUTHOR_AND_TIME


def test_a_tombstone_lives_from_the_latest_delete(store: Store) -> None:
    store.claim(RECORD)
    for now, latest in ((NOW, NOW), (NOW + 5, NOW + 5), (NOW + 3, NOW + 5)):
        assert store.claim(DELETE, now=now) == AUTHOR_AND_TIME + seconds(latest)
        assert store.held() == b"\1" + seconds(latest) + AUTHOR_AND_TIME


def test_a_create_tells_a_tombstone_its_author_once(store: Store) -> None:
    other = encode_record(LightPost(1, 6, NOW), listed_as_video=False)
    assert store.claim(DELETE) == UNKNOWN + seconds(NOW)
    assert store.held() == b"\1" + seconds(NOW)
    assert store.claim(RECORD, other, DELETE) == (b"\1" + seconds(NOW)) * 2 + AUTHOR_AND_TIME + seconds(NOW)
    assert store.held() == b"\1" + seconds(NOW) + AUTHOR_AND_TIME


@pytest.mark.parametrize(("now", "refused"), [(NOW + 600, True), (NOW + 601, False)])
def test_a_tombstone_holds_while_it_counts(store: Store, now: int, refused: bool) -> None:
    store.claim(DELETE)
    assert store.claim(RECORD, now=now) == (b"\1" + seconds(NOW) if refused else RECORD[:1])


def put(store: Store, key: bytes, expired: int, fresh: int) -> None:
    """Fill a hash with records; the youngest of those that count is as old as can be."""
    for first, count, at in ((1000, expired, OLDEST - 1), (5000, fresh, OLDEST)):
        for number in range(first, first + count):
            record = encode_record(LightPost(number, 5, at), listed_as_video=False)
            store.redis.hset(key, record_field(number), record)
    store.redis.expire(key, 60)


@pytest.mark.parametrize(
    ("expired", "fresh", "left"),
    [(0, 6, 6), (20, 5, 5), (1, 1, 1), (494, 6, 6), (500, 0, 1), (1, 0, 1), (501, 0, 1), (564, 0, 64), (0, 501, 501)],
)
def test_a_sweep_removes_what_expired(store: Store, expired: int, fresh: int, left: int) -> None:
    """A bounded part; not the last one, which would take the TTL with it."""
    put(store, b"h:0", expired, fresh)
    assert store.sweep(b"h:0") == 1
    assert store.redis.hlen("h:0") == left
    assert store.redis.ttl("h:0") == RETENTION.ttl_seconds


def test_hashes_are_swept_together(store: Store) -> None:
    keys = [b"h:%d" % number for number in range(4)]
    for key in keys:
        put(store, key, expired=3, fresh=int(key[-1:]))
    assert store.sweep(*keys, b"h:none") == 5
    assert [store.redis.hlen(key) for key in keys] == [1, 1, 2, 3]
    assert not store.redis.exists("h:none")


def test_the_ttl_of_a_hash_is_refreshed_when_due(store: Store) -> None:
    keys = (b"h:0", b"h:1")
    for key in keys:
        put(store, key, expired=0, fresh=1)
    for due, ttls in ((), [60, 60]), ((b"h:1",), [60, RETENTION.ttl_seconds]):
        store.run(claim_call([Claim(key, 1, RECORD) for key in keys], RETENTION, NOW, due=due))
        assert [store.redis.ttl(key) for key in keys] == ttls
    store.run(claim_call([Claim(b"h:2", 1, DELETE)], RETENTION, NOW, due=[b"h:2"]))
    assert store.redis.ttl("h:2") == RETENTION.ttl_seconds


def test_posts_are_added_with_their_times(store: Store) -> None:
    video, post = LightPost(1, 5, NOW, has_video=True), LightPost(2, 5, NOW - 1)
    additions = [Addition(ANN, video, is_video=True), Addition(ANN, post), Addition(BOB, LightPost(3, 6, NOW))]
    due = (ANN.posts, BOB.posts, ANN.videos)
    assert store.run(add_call(additions, RETENTION, 5000, NOW, due=due)) == []
    assert store.redis.zrange(ANN.posts, 0, -1, withscores=True) == [
        (encode_member(post), NOW - 1),
        (encode_member(video), NOW),
    ]
    assert store.members(ANN.videos) == [encode_member(video)]
    assert store.members(BOB.posts) == [encode_member(LightPost(3, 6, NOW))]
    assert [store.redis.ttl(key) for key in (ANN.posts, ANN.videos, BOB.posts)] == [RETENTION.ttl_seconds] * 3


@pytest.mark.parametrize(("erased_at", "counts"), [(OLDEST, True), (OLDEST - 1, False)])
def test_an_erasure_refuses_posts_up_to_its_time(store: Store, erased_at: int, counts: bool) -> None:
    store.fill(ANN.deletions, {"erased_through": NOW - 5, "erased_at": erased_at})
    before, after = LightPost(1, 5, NOW - 5), LightPost(2, 5, NOW - 4)
    assert store.add(after, before, videos=True) == ([encode_member(before)] if counts else [])
    assert store.add(before) == ([encode_member(before)] if counts else []), "in one set alone, too"
    assert store.members(ANN.videos) == store.members(ANN.posts)
    assert store.members(ANN.posts) == [encode_member(post) for post in ((after,) if counts else (before, after))]


@pytest.mark.parametrize(("deleted_at", "counts"), [(OLDEST, True), (OLDEST - 1, False)])
def test_a_deleted_post_is_not_added(store: Store, deleted_at: int, counts: bool) -> None:
    post, other = LightPost(1, 5, NOW), LightPost(2, 5, NOW)
    store.run(remove_posts([Removal(ANN, post.created_at, 1, deleted_at)], RETENTION, NOW))
    assert store.add(post, other, videos=True) == []
    left = [encode_member(each) for each in ((other,) if counts else (post, other))]
    assert [store.members(ANN.posts), store.members(ANN.videos)] == [left, left]


def test_one_deletion_among_many_authors_counts(store: Store) -> None:
    store.run(remove_posts([Removal(BOB, NOW, 2, NOW)], RETENTION, NOW))
    additions = [Addition(ANN, LightPost(1, 5, NOW)), Addition(BOB, LightPost(2, 6, NOW))]
    store.run(add_call(additions, RETENTION, 5000, NOW, due=(ANN.posts,)))
    assert store.members(ANN.posts) == [encode_member(LightPost(1, 5, NOW))]
    assert store.members(BOB.posts) == []


@pytest.mark.parametrize(
    "deleted", [[1], [7], [1, 2], [3, 4], [1, 7], [2, 4, 6], [1, 3, 5, 7], [2, 3, 4, 5], [1, 2, 3, 5, 6, 7]], ids=str
)
def test_deletions_of_some_authors_keep_out_their_posts_alone(store: Store, deleted: list[int]) -> None:
    posts = [LightPost(number, number, NOW, has_video=True) for number in range(1, 8)]
    authors = [KEYS.author(post.author_id) for post in posts]
    store.run(remove_posts([Removal(authors[number - 1], NOW, number, NOW) for number in deleted], RETENTION, NOW))
    additions = [Addition(author, post, is_video=True) for author, post in zip(authors, posts, strict=True)]
    due = [key for author in authors for key in (author.posts, author.videos)]
    store.run(add_call(additions, RETENTION, 5, NOW, due=due))
    for post, author in zip(posts, authors, strict=True):
        added = [] if post.post_id in deleted else [encode_member(post)]
        assert (store.members(author.posts), store.members(author.videos)) == (added, added), post


@pytest.mark.parametrize(("too_old", "left"), [(3, 0), (MOST_PER_CALL + 7, 7)])
def test_a_bounded_number_of_old_posts_leaves_a_set(store: Store, too_old: int, left: int) -> None:
    kept = LightPost(9999, 5, TRIM_BEFORE)
    store.fill(ANN.posts, scores([*originals(too_old, at=TRIM_BEFORE - 1), kept]))
    store.add(POST)
    assert len(store.members(ANN.posts)) == too_old + 2, "not due"
    store.add(POST, due=(ANN.posts,))
    members = store.members(ANN.posts)
    assert len(members) == left + 2
    assert members[-2:] == [encode_member(kept), encode_member(POST)]


def test_the_ttl_of_a_set_is_refreshed_when_due(store: Store) -> None:
    keys = (ANN.posts, ANN.videos, ANN.deletions)
    for key in keys:
        store.fill(key, scores(originals(2, first=5)))
    store.add(POST, videos=True)
    assert [store.redis.ttl(key) for key in keys] == [60, 60, 60]
    store.add(POST, videos=True, due=(ANN.posts,))
    assert [store.redis.ttl(key) for key in keys] == [RETENTION.ttl_seconds, 60, 60]
    store.add(POST, videos=True, due=(ANN.videos,))
    assert [store.redis.ttl(key) for key in keys] == [RETENTION.ttl_seconds] * 2 + [60]


@pytest.mark.parametrize("stored", [1, 3])
def test_a_trim_leaves_one_post(store: Store, stored: int) -> None:
    """The set would be made again without a TTL."""
    store.fill(ANN.posts, scores(originals(stored, at=TRIM_BEFORE - 1)))
    late = LightPost(9, 5, TRIM_BEFORE - 1)
    store.add(late, due=(ANN.posts,))
    assert store.members(ANN.posts) == [encode_member(late)]
    assert store.redis.ttl(ANN.posts) == RETENTION.ttl_seconds


def test_a_set_that_deletes_emptied_has_a_ttl_again(store: Store) -> None:
    store.add(POST, videos=True)
    store.run(remove_posts([Removal(ANN, POST.created_at, POST.post_id, NOW)], RETENTION, NOW))
    assert not store.redis.exists(ANN.posts)
    store.add(POST._replace(post_id=2), POST._replace(post_id=3), videos=True)
    assert [store.redis.ttl(key) for key in (ANN.posts, ANN.videos)] == [RETENTION.ttl_seconds] * 2


KINDS = {
    "original": LightPost(0, 5, NOW),
    "video": LightPost(0, 5, NOW, has_video=True),
    "of a conversation": LightPost(0, 5, NOW, conversation_id=1),
    "reply": LightPost(0, 5, NOW, is_reply=True, in_reply_to_post_id=1),
    "repost": LightPost(0, 5, NOW, is_retweet=True),
}


def of_kind(kind: str, count: int, first: int) -> list[LightPost]:
    return [KINDS[kind]._replace(post_id=number) for number in range(first, first + count)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_oldest_beyond_the_cap_leave_a_set_that_is_due(store: Store, kind: str) -> None:
    posts = of_kind(kind, 128, first=1)
    store.fill(ANN.posts, scores(posts[:126]))
    store.add(posts[126], cap=100)
    assert len(store.members(ANN.posts)) == 127
    store.add(posts[127], cap=100, due=(ANN.posts,))
    assert store.members(ANN.posts) == [encode_member(post) for post in posts[28:]]


def test_a_single_post_beyond_the_cap_leaves_a_set(store: Store) -> None:
    posts = originals(128)
    store.fill(ANN.posts, scores(posts[:127]))
    store.add(posts[127], cap=127, due=(ANN.posts,))
    assert store.members(ANN.posts) == [encode_member(post) for post in posts[1:]]


def test_each_kind_has_its_cap(store: Store) -> None:
    kept = [*of_kind("of a conversation", 50, 500), *of_kind("video", 50, 1000), *of_kind("reply", 50, 2000)]
    kept += of_kind("repost", 50, 3000)
    store.fill(ANN.posts, scores([*of_kind("original", 30, 1), *of_kind("reply", 25, 100), *kept]))
    store.add(LightPost(4000, 5, NOW - 9), cap=100, due=(ANN.posts,))
    assert store.members(ANN.posts) == [encode_member(post) for post in kept]


def test_a_set_without_surplus_is_left_as_it_is(store: Store) -> None:
    store.fill(ANN.posts, scores([*of_kind("reply", 27, 1), *of_kind("original", 100, 100)]))
    store.add(LightPost(50, 5, NOW, is_reply=True), cap=100, due=(ANN.posts,))
    assert len(store.members(ANN.posts)) == 128


def test_what_a_newer_version_wrote_is_no_surplus(store: Store) -> None:
    newer = {encode_member(post) + bytes((1, NEWEST_TAG + 8)): NOW for post in originals(120, first=1000)}
    store.fill(ANN.posts, newer | scores(originals(7)))
    store.add(LightPost(8, 5, NOW), cap=5, due=(ANN.posts,))
    assert store.members(ANN.posts) == [*map(encode_member, originals(5, first=4)), *newer]


def test_surplus_leaves_one_set_in_a_call_and_a_bounded_part(store: Store) -> None:
    for author, count in ((ANN, 2559), (BOB, 127)):
        store.fill(author.posts, scores(originals(count)))
    post = LightPost(9999, 5, NOW)
    additions = [Addition(ANN, post), Addition(BOB, post)]
    store.run(add_call(additions, RETENTION, 100, NOW, due=(ANN.posts, BOB.posts)))
    read, removed = 2 * 100 + 2 * MOST_PER_CALL, 2 * MOST_PER_CALL
    numbers = [*range(1, 2560 - read + 1), *range(2560 - read + 1 + removed, 2560), 9999]
    assert store.members(ANN.posts) == [encode_member(LightPost(number, 5, NOW)) for number in numbers]
    assert len(store.members(BOB.posts)) == 128


def test_the_newest_videos_are_kept(store: Store) -> None:
    videos = of_kind("video", 8, first=1)
    store.add(*videos[:5], cap=5, videos=True)
    store.add(*videos[5:7], cap=5, videos=True)
    store.add(videos[7], cap=5, videos=True)
    assert store.members(ANN.videos) == [encode_member(post) for post in videos[3:]]
    store.add(videos[2], cap=5, videos=True, due=(ANN.posts, ANN.videos))
    assert store.members(ANN.videos) == [encode_member(post) for post in videos[3:]]


def test_a_removal_takes_one_post_in_all_versions(store: Store) -> None:
    posts = [LightPost(number, 5, NOW, has_video=True) for number in (1, 2, 3)]
    versions = scores(posts) | {encode_member(posts[1]) + bytes((1, NEWEST_TAG + 8)): NOW}
    for key in (ANN.posts, ANN.videos, BOB.posts):
        store.fill(key, versions)
    removals = [Removal(ANN, NOW, 2, NOW + 5), Removal(BOB, NOW, 3, NOW + 6), Removal(ANN, NOW - 1, 1, NOW)]
    assert store.run(remove_posts(removals, RETENTION, NOW)) == 3
    left = [encode_member(posts[0]), encode_member(posts[2])]
    assert [store.members(ANN.posts), store.members(ANN.videos)] == [left, left]
    assert encode_member(posts[2]) not in store.members(BOB.posts)
    assert len(store.members(BOB.posts)) == 3
    assert store.redis.ttl(ANN.deletions) == store.redis.ttl(BOB.deletions) == RETENTION.ttl_seconds


@pytest.mark.parametrize(("too_old", "left"), [(1, 0), (MOST_PER_CALL + 7, 7)])
def test_a_bounded_number_of_old_removals_is_forgotten(store: Store, too_old: int, left: int) -> None:
    store.fill(ANN.deletions, {f"old {n}": TRIM_BEFORE - 1 for n in range(too_old)} | {"kept": TRIM_BEFORE})
    store.run(remove_posts([Removal(ANN, NOW, 2, NOW)], RETENTION, NOW))
    store.run(remove_posts([Removal(ANN, NOW, 2, NOW - 50)], RETENTION, NOW - 1000))
    members = store.members(ANN.deletions)
    assert (len(members), members[-2]) == (left + 2, b"kept")
    assert store.redis.zscore(ANN.deletions, members[-1]) == NOW, "the latest delete counts"


def test_an_erasure_names_the_oldest_posts_of_both_sets(store: Store) -> None:
    posts = [LightPost(number, 5, at) for number, at in enumerate((OLDEST - 1, OLDEST, NOW, NOW + 1), start=1)]
    store.fill(ANN.posts, scores(posts))
    store.fill(ANN.videos, scores(posts[2:]))
    named = [encode_member(post) for post in (posts[1], posts[2], posts[2])]
    assert store.run(erase_author(ANN, NOW, RETENTION, NOW)) == named
    assert store.run(erase_author(ANN, NOW - 1, RETENTION, NOW - 1)) == [*map(encode_member, posts[:2])]
    erasure = dict(store.redis.zrange(ANN.deletions, 0, -1, withscores=True))
    assert erasure == {b"erased_through": NOW, b"erased_at": NOW}
    assert store.redis.ttl(ANN.deletions) == RETENTION.ttl_seconds


def test_an_erasure_names_a_bounded_number_of_each_set(store: Store) -> None:
    for key in (ANN.posts, ANN.videos):
        store.fill(key, scores(originals(MOST_PER_CALL + 1)))
    named = store.run(erase_author(ANN, NOW, RETENTION, NOW))
    assert named == [encode_member(post) for post in originals(MOST_PER_CALL)] * 2


NOTHING: Mapping[str, str] = {}
LAYOUT = {"version": "1", "buckets": "4", "post_hashes": "8", "retention_seconds": "600", "lineage": "old"}


def lay_out(
    store: Store, former: Mapping[str, str] = NOTHING, /, *, lost: bool = False, **changed: str
) -> dict[str, str]:
    """Run the script with the layout, but for these changes; what it answers, which the store holds then."""
    wanted = LAYOUT | {"lineage": "new"} | changed
    fields = (part for pair in former.items() for part in pair)
    flat = store.redis.eval(WRITE_LAYOUT.source, 1, META, *wanted.values(), int(lost), *fields)
    answer = {name.decode(): value.decode() for name, value in zip(flat[::2], flat[1::2], strict=True)}
    assert answer == {name.decode(): value.decode() for name, value in store.redis.hgetall(META).items()}
    return answer


def test_an_empty_store_is_laid_out(store: Store) -> None:
    assert lay_out(store) == LAYOUT | {"lineage": "new"}


@pytest.mark.parametrize(("retention", "expected"), [("599", "600"), ("600", "600"), ("601", "601")])
def test_a_layout_stays_but_for_a_longer_retention(store: Store, retention: str, expected: str) -> None:
    store.redis.hset(META, mapping=LAYOUT)
    assert lay_out(store, retention_seconds=retention) == LAYOUT | {"retention_seconds": expected}


def test_lost_data_has_a_new_lineage(store: Store) -> None:
    store.redis.hset(META, mapping=LAYOUT)
    assert lay_out(store, lost=True) == LAYOUT | {"lineage": "new"}


def test_a_hash_that_was_lost_is_written_again(store: Store) -> None:
    former = LAYOUT | {"marks:posts:p:0": "5"}
    assert lay_out(store, former) == former
    assert lay_out(store, LAYOUT | {"lineage": "later"}) == former, "it is there"


def test_a_hash_that_was_written_since_is_not_overwritten(store: Store) -> None:
    store.redis.hset(META, mapping={"marks:posts:p:0": "5"})
    assert lay_out(store, LAYOUT) == LAYOUT | {"lineage": "new", "marks:posts:p:0": "5"}


@pytest.mark.parametrize("missing", LAYOUT)
def test_a_layout_that_lacks_a_field_is_completed(store: Store, missing: str) -> None:
    store.redis.hset(META, mapping={name: value for name, value in LAYOUT.items() if name != missing})
    assert lay_out(store) == LAYOUT | {"lineage": "new"}


@pytest.mark.parametrize("other", ["version", "buckets", "post_hashes"])
def test_a_layout_of_another_kind_is_left_as_it_is(store: Store, other: str) -> None:
    store.redis.hset(META, mapping=LAYOUT)
    assert lay_out(store, lost=True, **{other: "77"}, retention_seconds="900") == LAYOUT
