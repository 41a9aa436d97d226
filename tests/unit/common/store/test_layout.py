import pytest
import redis

from common.errors import StoreMismatch
from common.store.keys import META, KeySpace
from common.store.layout import StoreLayout, initialise_layout

KEYS = KeySpace(buckets=256, post_hashes=1024)
HELD = StoreLayout(1, 256, 1024, 600, "lineage")


class LaidOutRedis(redis.Redis):
    """Holds a layout. Every command is noted; what is no read changes nothing and answers with the layout."""

    def __init__(self, held: StoreLayout) -> None:
        super().__init__()
        self.commands: list[str] = []
        self._fields = {name.encode(): str(value).encode() for name, value in held._asdict().items()}

    def execute_command(self, *args: str, **_: object) -> object:
        self.commands.append(args[0])
        if args[0] == "HGETALL":
            assert args[1] == META.decode()
            return self._fields
        return [part for field in self._fields.items() for part in field]


@pytest.mark.parametrize("retention", [0, 599, 600])
def test_an_unchanged_layout_is_not_written(retention: int) -> None:
    client = LaidOutRedis(HELD)
    assert initialise_layout(client, KEYS, retention) == HELD
    assert client.commands == ["HGETALL"]


def test_a_longer_retention_is_written() -> None:
    client = LaidOutRedis(HELD)
    initialise_layout(client, KEYS, 601)
    assert client.commands == ["HGETALL", "EVALSHA"]


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        (HELD._replace(version=2), "layout version 2, this build reads version 1"),
        (HELD._replace(buckets=255), "created with 255 buckets, author_buckets is 256"),
        (HELD._replace(post_hashes=512), "created with 512 post hashes, post_hashes is 1024"),
    ],
)
def test_a_layout_of_another_kind_is_refused_and_not_written(held: StoreLayout, reason: str) -> None:
    client = LaidOutRedis(held)
    with pytest.raises(StoreMismatch, match=reason):
        initialise_layout(client, KEYS, 601)
    assert client.commands == ["HGETALL"]
