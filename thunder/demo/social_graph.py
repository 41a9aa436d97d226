"""Follows and display names of a demo, which the live page reads from the store beside posts."""

from collections.abc import Mapping, Sequence
from contextlib import closing

from common.ids import id_of_string
from common.retention import Retention
from common.settings.redis import RetentionSettings
from common.store.client import StoreClient
from common.store.display_names import write_names
from common.store.keys import KeySpace
from ingest.events import Follow
from ingest.write.follow_writer import FollowWriter
from thunder.demo.event_feed import SocialGraph, Viewer

_SECONDS_TO_ANSWER = 10.0


def graph_around(viewer: Viewer, follows: Sequence[Follow], names: Mapping[int, str], now: int) -> SocialGraph:
    """Adds the viewer, with his follows and his name, to the follows and names of others. now in Unix seconds.

    A viewer without an id is given one: the page asks for viewers by id.
    """
    viewer_id = viewer.user_id or id_of_string(viewer.name)
    own = (Follow(viewer_id, target, 0, now) for target in viewer.following)
    others = (follow for follow in follows if follow.viewer_id != viewer_id)
    return SocialGraph(viewer_id, (*own, *others), {viewer_id: viewer.name, **names})


def write_social_graph(graph: SocialGraph, redis_url: str, now: int) -> None:
    """Writes it to a store of the default layout. Raises StoreUnavailable. Blocks."""
    keys, retention = KeySpace(), Retention(RetentionSettings().post_retention_seconds)
    with closing(StoreClient(redis_url, keys.buckets, _SECONDS_TO_ANSWER)) as store_client:
        FollowWriter(store_client, keys).write(graph.follows, now)
        write_names(store_client.meta_client(), graph.names, retention.ttl_seconds)
