from hypothesis import given
from hypothesis import strategies as st

from common.store.keys import (
    CATCH_UP,
    FOLLOWS_PATTERN,
    MARKS_PATTERN,
    META,
    NAMES,
    WORKERS,
    KeySpace,
    bucket_tag,
    marks_key,
    mix64,
    source_key,
    viewer_of,
)


def test_mix64_is_pinned() -> None:
    # Changing it would hide every post of a store that exists.
    assert [mix64(value) for value in (0, 1, 2, 1_735_460_098_906_996_622, 2**63 - 1)] == [
        0,
        0x5692161D100B05E5,
        0xDBD238973A2B148A,
        0xA192C5A0A81014B0,
        0x5A682AFE7965DEBD,
    ]


def test_keys_are_spelled_out() -> None:
    keys = KeySpace()
    assert keys.author(1) == (229, b"a:{229}:p:1", b"a:{229}:v:1", b"a:{229}:d:1")
    assert keys.post(1) == (229, b"p:{229}:1509")
    assert META == b"m:{meta}"
    assert CATCH_UP == b"s:{meta}"
    assert WORKERS == b"s:{meta}:workers"
    assert NAMES == b"n:{meta}"
    assert keys.viewer(1) == (229, b"f:{229}:1", b"fr:{229}:1", b"fu:{229}:1")
    assert viewer_of(keys.viewer(1).follows) == 1
    assert source_key("bluesky") == b"i:{meta}:bluesky"
    assert FOLLOWS_PATTERN == b"f:{*}:*"
    assert (marks_key(7), MARKS_PATTERN) == (b"w:{7}", b"w:{*}")


@given(st.integers(1, 2**63 - 1))
def test_a_bucket_lies_in_one_slot(id_: int) -> None:
    keys = KeySpace(buckets=16, post_hashes=64)
    author, viewer, post = keys.author(id_), keys.viewer(id_), keys.post(id_)
    tagged = b"{%b}"
    assert all(tagged % bucket_tag(author.bucket) in key for key in (author.posts, author.videos, author.deletions))
    assert all(tagged % bucket_tag(viewer.bucket) in key for key in (viewer.follows, viewer.records, viewer.removals))
    assert tagged % bucket_tag(post.bucket) in post.hash


def test_ids_that_end_in_zeros_spread() -> None:
    keys = KeySpace()
    buckets = {keys.author(number << 22).bucket for number in range(5000)}
    assert len(buckets) == keys.buckets
