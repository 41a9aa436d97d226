"""Random histories for property tests: small worlds in which posts, repeats, deletes and expiries collide."""

from itertools import product
from typing import NamedTuple

from hypothesis import strategies as st

from common.post import LightPost
from ingest.decode.create_rules import drop_reason, normalised
from ingest.events import AuthorDelete, Event, PostDelete
from serve.query import Caps, Place, Query

RETENTION = 600
START = 1_790_000_000

_POST_IDS, _AUTHOR_IDS = range(1, 15), range(1, 5)
AUTHORS = st.sampled_from(_AUTHOR_IDS)
POSTS = st.sampled_from(_POST_IDS)
# Half of the posts have none. One draw for each field, and one for all flags: hypothesis pays for draws.
_MAYBE_POST = st.sampled_from([*[None] * len(_POST_IDS), *_POST_IDS])
_MAYBE_AUTHOR = st.sampled_from([*[None] * len(_AUTHOR_IDS), *_AUTHOR_IDS])
_FLAGS = st.sampled_from(list(product((False, True), repeat=3)))


class Step(NamedTuple):
    """Wait these seconds, then worker 0 or 1 applies a batch; again: twice, as after a crash before the commit."""

    wait: int
    worker: int
    batch: list[Event]
    again: bool


def _create(post: LightPost, flags: tuple[bool, bool, bool], age: int) -> LightPost:
    is_reply, is_retweet, has_video = flags
    return normalised(
        post._replace(created_at=START - age, is_reply=is_reply, is_retweet=is_retweet, has_video=has_video)
    )


_CREATES = st.builds(
    _create,
    st.builds(
        LightPost,
        post_id=POSTS,
        author_id=AUTHORS,
        created_at=st.just(START),
        in_reply_to_post_id=_MAYBE_POST,
        in_reply_to_user_id=_MAYBE_AUTHOR,
        source_post_id=_MAYBE_POST,
        source_user_id=_MAYBE_AUTHOR,
        conversation_id=_MAYBE_POST,
    ),
    _FLAGS,
    st.integers(-RETENTION, RETENTION),
)
_DELETES = st.builds(PostDelete, POSTS, st.sampled_from([0, -1, START, 2**62]))
_AUTHOR_DELETES = st.builds(AuthorDelete, AUTHORS, st.integers(START - RETENTION, START + RETENTION))
_EVENTS = st.one_of(_CREATES, _CREATES, _CREATES, _DELETES, _AUTHOR_DELETES)

HISTORIES = st.lists(
    st.builds(
        Step,
        st.sampled_from([0, 0, 1, 60, RETENTION // 2, RETENTION]),
        st.integers(0, 1),
        st.lists(_EVENTS, min_size=1, max_size=12),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)

_TIMES = st.integers(START - RETENTION, START + RETENTION)

QUERIES = st.builds(
    Query,
    viewer_id=st.integers(0, 4),
    following=st.lists(AUTHORS, unique=True, min_size=1).map(tuple),
    excluded=st.frozensets(POSTS, max_size=6),
    max_results=st.integers(1, 12),
    video=st.booleans(),
    caps=st.builds(Caps, st.integers(0, 4), st.integers(0, 3), st.integers(1, 4), st.integers(1, 6)),
    created_after=st.just(0) | _TIMES,
    before=st.none() | st.builds(Place, _TIMES, POSTS),
    excluded_authors=st.just(frozenset[int]()) | st.frozensets(AUTHORS, max_size=2),
    exclude_replies=st.booleans(),
    exclude_reposts=st.booleans(),
    blocked_authors=st.just(frozenset[int]()) | st.frozensets(AUTHORS, max_size=1),
)


def is_accepted(event: Event, now: int) -> bool:
    """Whether a worker takes the event."""
    return not (isinstance(event, LightPost) and drop_reason(event, now, RETENTION, skew=0))
