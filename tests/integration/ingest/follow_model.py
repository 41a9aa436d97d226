"""A plain model of follow lists: no order, no repeats, nothing forgotten."""

from collections.abc import Iterable

from ingest.events import Follow


def followed(events: Iterable[Follow], viewer_id: int) -> dict[int, int]:
    """Follows of the viewer after all these events, and their times."""
    own = [event for event in events if event.viewer_id == viewer_id]
    removals = [event for event in own if event.removed]
    since: dict[int, int] = {}
    for follow in _latest_of_each_id([event for event in own if not event.removed]):
        if not any(_ends(removal, follow) for removal in removals):
            since[follow.target_id] = max(follow.at, since.get(follow.target_id, 0))
    return since


def _latest_of_each_id(follows: Iterable[Follow]) -> list[Follow]:
    """An id names one follow at a time; follows without an id stand beside each other."""
    latest: dict[object, Follow] = {}
    for follow in sorted(follows, key=lambda follow: follow.at):
        latest[follow.follow_id or follow] = follow
    return list(latest.values())


def _ends(removal: Follow, follow: Follow) -> bool:
    names_it = removal.follow_id == follow.follow_id if removal.follow_id else removal.target_id == follow.target_id
    return names_it and removal.at >= follow.at
