"""`thunder follows set|add|remove|show`: one follow list, read and written directly in Redis."""

import json
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from common.errors import StoreUnavailable
from common.settings.follows import FollowEditSettings, FollowListSettings, FollowSettings
from common.store.client import StoreClient
from common.store.scripts import FOLLOW_BOUNDS
from ingest.follows.editor import Edit, FollowListEditor
from thunder.cli.exit_codes import ExitCode
from thunder.cli.text import in_words

_MOST_OTHERS = 5
"""Viewers that are named where the list of the asked one is empty."""

_Change: TypeAlias = Callable[[FollowListEditor, int, Sequence[int]], Edit]


def set_follows(settings: FollowEditSettings) -> int:
    """Run `thunder follows set`; the exit code. Raises ThunderError."""
    return _edit(settings, FollowListEditor.replace)


def add_follows(settings: FollowEditSettings) -> int:
    """Run `thunder follows add`; the exit code. Raises ThunderError."""
    return _edit(settings, FollowListEditor.add)


def remove_follows(settings: FollowEditSettings) -> int:
    """Run `thunder follows remove`; the exit code. Raises ThunderError."""
    return _edit(settings, FollowListEditor.remove)


def show_list(settings: FollowListSettings) -> int:
    """Run `thunder follows show`; the exit code. Raises ThunderError."""
    with follow_lists(settings) as lists:
        following = lists.following(settings.viewer)
        others = [] if following or settings.as_json else _other_viewers(lists)
    if settings.as_json:
        follows = [{"target": target, "at": at} for target, at in following.items()]
        print(json.dumps({"viewer": settings.viewer, "follows": follows}))
    else:
        print("\n".join(list_lines(settings.viewer, following, time.time(), others)))
    return ExitCode.DONE


@contextmanager
def follow_lists(settings: FollowSettings) -> Generator[FollowListEditor]:
    """Editor of the lists in the store of the settings, connected until the end of the block."""
    store_client = StoreClient(settings.redis_address, settings.author_buckets, settings.redis_timeout_ms / 1000)
    try:
        yield FollowListEditor(store_client, settings.key_space, settings.post_retention_seconds)
    finally:
        store_client.close()


def _other_viewers(lists: FollowListEditor) -> list[int]:
    """Some viewers who have a list; none when this user of Redis may not search for them."""
    try:
        return lists.viewers(_MOST_OTHERS)
    except StoreUnavailable:
        return []


def list_lines(viewer_id: int, following: Mapping[int, int], now: float, others: Sequence[int] = ()) -> list[str]:
    """A line for each follow, newest first, and one with their number. others: viewers to name beside an empty list."""
    lines = [f"{target:>19}  {in_words(now - at)}" for target, at in following.items()]
    hint = f"; these viewers have a list: {', '.join(map(str, others))}" if others else ""
    return [*lines, f"{viewer_id} follows {len(following):,}{hint}"]


def overflow(evicted: int) -> str:
    """End of a line when the cap of a list evicted its oldest follows."""
    return f"; the oldest {evicted:,} evicted: a list holds {FOLLOW_BOUNDS.cap:,}" if evicted else ""


def _edit(settings: FollowEditSettings, change: _Change) -> int:
    viewer_id = settings.viewer
    with follow_lists(settings) as lists:
        edit = change(lists, viewer_id, settings.targets)
    if settings.as_json:
        print(json.dumps({"viewer": viewer_id, **edit._asdict()}))
    else:
        counts = f"{edit.added:,} added, {edit.removed:,} removed"
        print(f"{viewer_id} follows {edit.follows:,}: {counts}{overflow(edit.given_up)}")
    return ExitCode.DONE
