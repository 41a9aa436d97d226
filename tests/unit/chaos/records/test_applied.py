"""What the store must know of a committed event."""

from common.post import LightPost
from common.store.record import TOMBSTONE, encode_record
from ingest.events import PostDelete
from tests.chaos.records.applied import lacking
from tests.chaos.records.history import Produced

POST = LightPost(1, 7, 1_790_000_000)
LIVE = encode_record(POST, listed_as_video=False)
DELETED = bytes([TOMBSTONE]) + bytes(4)
CREATE, DELETE = Produced(POST, 3, 5, 0.0, 0.1), Produced(PostDelete(1, 0), 3, 6, 0.0, 0.1)


def test_a_create_leaves_a_record_or_a_tombstone() -> None:
    assert lacking(CREATE, LIVE) is None
    assert lacking(CREATE, DELETED) is None
    assert str(lacking(CREATE, None)).startswith("no record of the post of partition 3 offset 5")


def test_a_delete_leaves_a_tombstone() -> None:
    assert lacking(DELETE, DELETED) is None
    assert str(lacking(DELETE, LIVE)).startswith("no tombstone of the delete of partition 3 offset 6")
    assert lacking(DELETE, None) is not None
