"""Chooses the viewer of a recording. Pure."""

from collections import Counter
from collections.abc import Sequence

from common.ids import IDS_PER_LIST
from common.post import LightPost
from ingest.events import Follow
from thunder.demo.event_feed import Viewer
from thunder.demo.recording.file import Recording


def choose_viewer(recording: Recording) -> Viewer:
    """The user who follows the authors of most posts; without such a user, an invented one who follows all authors."""
    posts = Counter(event.author_id for event in recording.events if isinstance(event, LightPost))
    following = _following(recording.follows)
    seen = {viewer: sum(posts[target] for target in targets) for viewer, targets in following.items()}
    viewer_id = max(seen, key=lambda candidate: seen[candidate], default=0)
    if seen.get(viewer_id, 0) > 0:
        targets = tuple(following[viewer_id])[:IDS_PER_LIST]
        name = recording.name_of(viewer_id)
        return Viewer(viewer_id, name, targets, f"{name}, who follows {len(targets):,} people")
    everyone = tuple(author for author, _ in posts.most_common(IDS_PER_LIST))
    return Viewer(0, "a viewer", everyone, f"a viewer who follows everyone who posted, {len(everyone):,} people")


def _following(follows: Sequence[Follow]) -> dict[int, dict[int, None]]:
    """The follows that are left at the end, by viewer, in their order."""
    standing: dict[int | tuple[int, int], Follow] = {}
    for follow in follows:
        name = follow.follow_id or (follow.viewer_id, follow.target_id)
        standing.pop(name, None)
        if not follow.removed:
            standing[name] = follow
    following: dict[int, dict[int, None]] = {}
    for follow in standing.values():
        following.setdefault(follow.viewer_id, {})[follow.target_id] = None
    return following
