"""Validates a request and brings it within the limits: GetInNetworkPostsRequest to Query. Pure."""

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from common.ids import MAX_ID, is_id
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from serve.adjustments import Adjustment, Adjustments, Extent, list_adjustments
from serve.query import Caps, Place, Query

RECENT_ALGORITHMS = frozenset({"", "recent", "default", "latest"})
"""Names for newest first, which is the order for any other name too."""


class InvalidRequest(Exception):
    """The request cannot be answered. Only the caller can fix it: field and description are returned."""

    def __init__(self, field: str, description: str) -> None:
        super().__init__(f"{field}: {description}" if field else description)
        self.field = field
        self.description = description


def oversized(size: int, limit: int) -> InvalidRequest:
    """The error for a request of more bytes than the server takes."""
    return InvalidRequest("max_request_bytes", f"the request has {size} bytes, this server takes {limit} at most")


class RequestLimits(NamedTuple):
    """Defaults and bounds on what a request may ask for."""

    default_results: int
    default_videos: int
    max_results: int
    list_size: int  # ids taken of each list
    caps: Caps


class ValidatedRequest(NamedTuple):
    """The query to run, and the adjustments that were made to get there."""

    query: Query
    adjustments: Adjustments


class TakenIds(NamedTuple):
    """The ids of a list that count, and what was done to the list."""

    ids: Sequence[int]
    adjustments: Adjustments


def validate_request(request: GetInNetworkPostsRequest, limits: RequestLimits) -> ValidatedRequest:
    """Bring the request within the limits. InvalidRequest when no answer could be right."""
    if request.user_id > MAX_ID:
        raise InvalidRequest("user_id", f"must be at most {MAX_ID}")
    if request.created_after < 0:
        raise InvalidRequest("created_after", "must be 0 or more")
    following = take_followed(request.following_user_ids, limits.list_size)
    excluded, authors = _excluded(request, limits.list_size), _excluded_authors(request, limits.list_size)
    max_results, clamped = _max_results(request, limits)
    query = Query(
        viewer_id=request.user_id,
        following=tuple(following.ids),
        excluded=frozenset(excluded.ids),
        max_results=max_results,
        video=request.is_video_request,
        caps=_caps(request, limits.caps),
        created_after=request.created_after,
        before=_before(request),
        excluded_authors=frozenset(authors.ids),
        exclude_replies=request.exclude_replies,
        exclude_reposts=request.exclude_reposts,
    )
    adjustments = following.adjustments | excluded.adjustments | authors.adjustments | clamped
    if request.algorithm not in RECENT_ALGORITHMS:
        adjustments[Adjustment.UNKNOWN_ALGORITHM] = Extent(0, 0)
    return ValidatedRequest(query, adjustments)


def take_followed(ids: Sequence[int], limit: int, held: int = 0) -> TakenIds:
    """The first valid ids, each once, limit at most. Ids past the first one too many are not looked at.

    held: length of the whole list where ids is only its beginning.
    """
    kept: dict[int, None] = {}
    invalid, is_cut = 0, held > len(ids)
    for start in range(0, len(ids), limit):
        chunk = ids[start : start + limit]
        valid = _valid(chunk)
        invalid += len(chunk) - len(valid)
        kept.update(dict.fromkeys(valid))
        if len(kept) > limit:
            is_cut = True
            break
    taken = tuple(islice(kept, limit))
    extent = Extent(max(held, len(ids)), len(taken))
    return TakenIds(
        taken,
        list_adjustments(Adjustment.FOLLOWING_CUT, Adjustment.INVALID_FOLLOWING_ID, extent, invalid, is_cut=is_cut),
    )


def _excluded(request: GetInNetworkPostsRequest, limit: int) -> TakenIds:
    return _first(request.exclude_tweet_ids, limit, Adjustment.EXCLUDED_CUT, Adjustment.INVALID_EXCLUDED_ID)


def _excluded_authors(request: GetInNetworkPostsRequest, limit: int) -> TakenIds:
    cut, dropped = Adjustment.EXCLUDED_AUTHORS_CUT, Adjustment.INVALID_EXCLUDED_AUTHOR_ID
    return _first(request.exclude_author_ids, limit, cut, dropped)


def _first(ids: Sequence[int], limit: int, cut: Adjustment, dropped: Adjustment) -> TakenIds:
    """The valid ones of the first ids as sent."""
    if not ids:
        return _NO_IDS
    first = ids[:limit]
    valid = _valid(first)
    extent = Extent(len(ids), len(valid))
    invalid, is_cut = len(first) - len(valid), len(ids) > limit
    return TakenIds(valid, list_adjustments(cut, dropped, extent, invalid, is_cut=is_cut))


_NO_IDS = TakenIds((), {})


def _valid(ids: Sequence[int]) -> Sequence[int]:
    # The common case, all valid, is decided at the speed of min and max: lists hold up to 10,000 ids.
    if not ids or (min(ids) > 0 and max(ids) <= MAX_ID):
        return ids
    return [id_ for id_ in ids if is_id(id_)]


def _before(request: GetInNetworkPostsRequest) -> Place | None:
    if not request.HasField("before"):
        return None
    for name in ("created_at", "post_id"):
        if getattr(request.before, name) <= 0:
            raise InvalidRequest(f"before.{name}", "must be above 0")
    return Place(request.before.created_at, request.before.post_id)


def _max_results(request: GetInNetworkPostsRequest, limits: RequestLimits) -> tuple[int, Adjustments]:
    default = limits.default_videos if request.is_video_request else limits.default_results
    asked, most = request.max_results or default, limits.max_results
    return (most, {Adjustment.MAX_RESULTS_CLAMPED: Extent(asked, most)}) if asked > most else (asked, {})


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
