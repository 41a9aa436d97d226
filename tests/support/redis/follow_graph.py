"""The follows of a store, one Redis or a Cluster: written with the product's writer, read without its reader."""

from collections.abc import Generator
from contextlib import contextmanager

from common.store.client import StoreClient
from common.store.commands import NodeCommand, Reply, pack
from common.store.keys import KeySpace, ViewerKeys
from common.store.scripts import FOLLOW_BOUNDS, FollowBounds
from ingest.events import Follow
from ingest.write.follow_writer import FollowWriter

_KEYS = KeySpace()


class FollowGraph:
    """All viewers of a store. now is the writer's clock."""

    def __init__(self, url: str) -> None:
        self.store_client = StoreClient(url, _KEYS.buckets, timeout_seconds=10)

    def write(self, *events: Follow, now: int, bounds: FollowBounds = FOLLOW_BOUNDS) -> None:
        FollowWriter(self.store_client, _KEYS, bounds).write(events, now)

    def followed(self, viewer_id: int) -> dict[int, int]:
        """Follows of the viewer and their times, the newest first."""
        viewer = _KEYS.viewer(viewer_id)
        (flat,) = self._ask(viewer, (b"ZREVRANGE", viewer.follows, b"0", b"-1", b"WITHSCORES"))
        return {int(target): int(at) for target, at in zip(flat[::2], flat[1::2], strict=True)}

    def sizes(self, viewer_id: int) -> tuple[int, int, int]:
        """Entries of the viewer's follows, records and removals."""
        viewer = _KEYS.viewer(viewer_id)
        sizes = self._ask(viewer, (b"ZCARD", viewer.follows), (b"HLEN", viewer.records), (b"ZCARD", viewer.removals))
        return (sizes[0], sizes[1], sizes[2])

    def flush(self) -> None:
        for node in self.store_client.node_clients():
            node.flushdb()

    def _ask(self, viewer: ViewerKeys, *commands: tuple[bytes, ...]) -> list[Reply]:
        return self.store_client.run([NodeCommand(viewer.bucket, pack(command)) for command in commands])


@contextmanager
def follow_graph(url: str) -> Generator[FollowGraph]:
    """The graph in the store at that URL."""
    graph = FollowGraph(url)
    try:
        yield graph
    finally:
        graph.store_client.close()
