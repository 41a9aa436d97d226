"""Says in words what a query asked for, and what a server changed in it. Pure."""

from collections.abc import Iterable

from thunder_client.messages import Adjustment, AdjustmentKind, GetInNetworkPostsRequest

_MOST_IDS = 5

_CUT, _DROPPED = (
    "was cut: {used:,} of {given:,} used",
    "held invalid ids, which were skipped: {used:,} of {given:,} used",
)
_CHANGES = {
    AdjustmentKind.ADJUSTMENT_KIND_FOLLOWING_CUT: f"the list of followed authors {_CUT}",
    AdjustmentKind.ADJUSTMENT_KIND_FOLLOWING_DROPPED: f"the list of followed authors {_DROPPED}",
    AdjustmentKind.ADJUSTMENT_KIND_EXCLUDED_CUT: f"the list of excluded posts {_CUT}",
    AdjustmentKind.ADJUSTMENT_KIND_EXCLUDED_DROPPED: f"the list of excluded posts {_DROPPED}",
    AdjustmentKind.ADJUSTMENT_KIND_EXCLUDED_AUTHORS_CUT: f"the list of excluded authors {_CUT}",
    AdjustmentKind.ADJUSTMENT_KIND_EXCLUDED_AUTHORS_DROPPED: f"the list of excluded authors {_DROPPED}",
    AdjustmentKind.ADJUSTMENT_KIND_MAX_RESULTS_CLAMPED: "max-results was lowered from {given:,} to {used:,}",
    AdjustmentKind.ADJUSTMENT_KIND_ALGORITHM_UNKNOWN: "the algorithm is unknown: the newest posts come first",
}
_UNKNOWN_CHANGE = "in a way that this version does not know"


def asked_text(request: GetInNetworkPostsRequest) -> str:
    """The posts that the request asks for."""
    kind = "videos" if request.is_video_request else "posts"
    parts = [f"{kind} of {_authors(request)}"]
    if request.created_after:
        parts.append(f"created after {request.created_after}")
    if request.HasField("before"):
        parts.append(f"before {request.before.created_at},{request.before.post_id}")
    lists = {"posts": request.exclude_tweet_ids, "authors": request.exclude_author_ids}
    parts += [f"without {len(ids):,} excluded {name}" for name, ids in lists.items() if ids]
    parts += [f"without {kind}" for kind, off in _kinds(request) if off]
    return ", ".join(parts)


def adjustment_texts(adjustments: Iterable[Adjustment]) -> list[str]:
    """A line for each change that the server made to the request."""
    return [
        _CHANGES.get(adjustment.kind, _UNKNOWN_CHANGE).format(given=adjustment.given, used=adjustment.used)
        for adjustment in adjustments
    ]


def _authors(request: GetInNetworkPostsRequest) -> str:
    ids = request.following_user_ids
    if ids:
        listed = ", ".join(map(str, ids[:_MOST_IDS])) + (", ..." if len(ids) > _MOST_IDS else "")
        return f"{len(ids):,} {'author' if len(ids) == 1 else 'authors'} ({listed})"
    if request.user_id:
        return f"the follow list of viewer {request.user_id}, which a server without a follow store does not have"
    return "no authors: name them with --following, or a viewer with --user"


def _kinds(request: GetInNetworkPostsRequest) -> tuple[tuple[str, bool], ...]:
    return ("replies", request.exclude_replies), ("reposts", request.exclude_reposts)
