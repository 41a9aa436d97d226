"""A writer of posts as events, without a decoder in front of it."""

from collections.abc import Sequence

from common.retention import Retention
from common.store.client import StoreClient
from common.store.keys import KeySpace
from common.store.member import LIST_CAP
from ingest.events import Event
from ingest.post_row import store_event
from ingest.write.post_writer import PostWriter


class EventWriter:
    """Writes normalised creates, and deletes."""

    def __init__(
        self, store_client: StoreClient, keys: KeySpace, retention: Retention, list_cap: int = LIST_CAP
    ) -> None:
        self._writer = PostWriter(store_client, keys, retention, list_cap)

    def write(self, events: Sequence[Event], now: int) -> None:
        self._writer.write([store_event(event) for event in events], now)
