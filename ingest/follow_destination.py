"""Where a worker that reads follows writes."""

from common.settings import IngestSettings
from ingest.events import Follow
from ingest.loop import Sink
from ingest.metrics import WorkerFigures
from ingest.store import PostStore


class FollowDestination:
    """The follow lists in Redis. No server waits for them: an old list is better than no answer."""

    def __init__(self, settings: IngestSettings) -> None:
        self._store = PostStore(settings)

    def open(self) -> None:
        """See Destination. StoreMismatch when this store must not be written."""
        self._store.open()

    def sink(self) -> Sink[Follow]:
        """See Destination."""
        return self._store.follow_writer()

    @property
    def lineage(self) -> str:
        """See Destination."""
        return self._store.lineage

    def needed_since(self, now: int) -> int:
        """See Destination: a follow does not expire, so all that the topic holds."""
        return 0

    def look(self) -> None:
        """See Destination. StoreMismatch when this store must not be written any more."""
        self._store.look()

    def show(self, figures: WorkerFigures) -> None:
        """See Destination: who looks asks for posts."""

    def report(self, topic: str, partition: int, lineage: str, partitions: int) -> None:
        """See Destination: who waits waits for posts."""

    def measure(self) -> None:
        """See Destination: what is measured of the store is its posts."""
