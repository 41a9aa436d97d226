"""Validates a request and brings it within the limits: GetInNetworkPostsRequest to Query. Pure."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from common.ids import MAX_ID, is_id
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from serve.query import Caps, Query

RECENT_ALGORITHMS = frozenset({"", "recent", "default", "latest"})
"""Names for newest first, which is the order for any other name too."""


class Adjustment(StrEnum):
    """A change made to a request to bring it within the limits. A closed set: it labels a metric."""

    INVALID_FOLLOWING_ID = "invalid_following_id"
    INVALID_EXCLUDED_ID = "invalid_excluded_id"
    FOLLOWING_CUT = "following_cut"
    EXCLUDED_CUT = "excluded_cut"
    MAX_RESULTS_CLAMPED = "max_results_clamped"
    UNKNOWN_ALGORITHM = "unknown_algorithm"


class InvalidRequest(Exception):
    """The request cannot be answered. Only the caller can fix it: field and description are returned."""

    def __init__(self, field: str, description: str) -> None:
        super().__init__(f"{field}: {description}" if field else description)
        self.field = field
        self.description = description


class RequestLimits(NamedTuple):
    """Defaults and bounds on what a request may ask for."""

    default_results: int
    default_videos: int
    max_results: int
    list_size: int  # ids taken from either list
    caps: Caps


class ValidatedRequest(NamedTuple):
    """The query to run, and how often each adjustment was made to get there."""

    query: Query
    adjustments: Counter[Adjustment]


def validate_request(request: GetInNetworkPostsRequest, limits: RequestLimits) -> ValidatedRequest:
    """Bring the request within the limits. InvalidRequest when its viewer cannot exist."""
    if request.user_id > MAX_ID:
        raise InvalidRequest("user_id", f"must be at most {MAX_ID}")
    adjustments: Counter[Adjustment] = Counter()
    query = Query(
        viewer_id=request.user_id,
        following=distinct_ids(request.following_user_ids, limits.list_size, adjustments),
        excluded=_excluded(request.exclude_tweet_ids, limits.list_size, adjustments),
        max_results=_max_results(request, limits, adjustments),
        video=request.is_video_request,
        caps=_caps(request, limits.caps),
    )
    if request.algorithm not in RECENT_ALGORITHMS:
        adjustments[Adjustment.UNKNOWN_ALGORITHM] += 1
    return ValidatedRequest(query, adjustments)


def distinct_ids(ids: Sequence[int], limit: int, adjustments: Counter[Adjustment]) -> tuple[int, ...]:
    """The first valid ids, each once, limit at most. Ids past those that fill the limit are not looked at."""
    kept: dict[int, None] = {}
    for start in range(0, len(ids), limit):
        chunk = ids[start : start + limit]
        valid = _valid(chunk)
        adjustments[Adjustment.INVALID_FOLLOWING_ID] += len(chunk) - len(valid)
        kept.update(dict.fromkeys(valid))
        if len(kept) > limit or (len(kept) == limit and start + limit < len(ids)):
            adjustments[Adjustment.FOLLOWING_CUT] += 1
            break
    return tuple(islice(kept, limit))


def _excluded(ids: Sequence[int], limit: int, adjustments: Counter[Adjustment]) -> frozenset[int]:
    taken = ids[:limit]
    valid = _valid(taken)
    adjustments[Adjustment.INVALID_EXCLUDED_ID] += len(taken) - len(valid)
    adjustments[Adjustment.EXCLUDED_CUT] += len(ids) > limit
    return frozenset(valid)


def _valid(ids: Sequence[int]) -> Sequence[int]:
    # The common case, all valid, is decided at the speed of min and max: lists hold up to 10,000 ids.
    if not ids or (min(ids) > 0 and max(ids) <= MAX_ID):
        return ids
    return [id_ for id_ in ids if is_id(id_)]


def _max_results(request: GetInNetworkPostsRequest, limits: RequestLimits, adjustments: Counter[Adjustment]) -> int:
    default = limits.default_videos if request.is_video_request else limits.default_results
    asked = request.max_results or default
    adjustments[Adjustment.MAX_RESULTS_CLAMPED] += asked > limits.max_results
    return min(asked, limits.max_results)


def _caps(request: GetInNetworkPostsRequest, caps: Caps) -> Caps:
    """Caps of a normal request, lowered by per_author_limits where these are given: 0 means none of that kind."""
    if request.is_video_request or not request.HasField("per_author_limits"):
        return caps
    asked = request.per_author_limits
    original, secondary = caps.original, caps.secondary
    if asked.HasField("max_posts_per_author"):
        original = min(original, asked.max_posts_per_author)
    if asked.HasField("max_replies_reposts_per_author"):
        secondary = min(secondary, asked.max_replies_reposts_per_author)
    return caps._replace(original=original, secondary=secondary)
