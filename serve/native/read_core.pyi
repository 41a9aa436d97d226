from collections.abc import Collection

from serve.query import Answer, Query
from serve.request import RequestLimits
from serve.timeline.read_core import Commands, PartSize, StoreMap, Taken

class ReplyScanner:
    """Splits the bytes of a connection into replies, without making objects of them."""

    def feed(self, received: bytes) -> None:
        """Add what the connection received."""

    def take(self, due: int) -> bytes | None:
        """The bytes of the next `due` replies; None until all have come. DamagedReply when these are no replies."""

class CommonRequest:
    """A valid request that needs no adjustment and asks for nothing rare. Made by parse()."""

    @staticmethod
    def parse(payload: bytes, limits: RequestLimits) -> CommonRequest | None:
        """The request, or None when it is of another form: then protobuf and validate_request() judge it."""

    @property
    def viewer_id(self) -> int: ...
    @property
    def followed(self) -> int: ...
    @property
    def authors(self) -> int: ...
    @property
    def excluding(self) -> int: ...
    @property
    def max_results(self) -> int: ...
    @property
    def video(self) -> bool: ...
    @property
    def created_after(self) -> int: ...

class NativeCore:
    """As ReadCore: reads the timeline of a Query without `before`, or of a CommonRequest."""

    takes_bytes: bool
    partial: bool

    def __init__(self, query: Query | CommonRequest, now: int, oldest: int, max_bytes: int) -> None:
        """now, oldest: Unix seconds; posts older than `oldest` do not count."""

    def next_round(self) -> int:
        """Plan a round over the authors that are incomplete and the parents that are unknown."""

    def next_part(self, store: StoreMap) -> PartSize:
        """Begin a part: find the nodes of its lists and records."""

    def commands(self, node: int, readable: Collection[int] | None) -> Commands | None:
        """Pack the commands of a node."""

    def take(self, node: int, replies: bytes, unsafe: Collection[int]) -> Taken:
        """Add the lists and records of a node; nothing of them when the replies are damaged."""

    def merge(self) -> None:
        """Merge the round that was taken."""

    def answer(self) -> Answer:
        """Join the members that passed."""
