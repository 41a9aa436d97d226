"""Messages of the raw topic, by an encoder (thriftpy2) and from a definition (golden.thrift) that are not Thunder's."""

from pathlib import Path
from types import ModuleType

from thriftpy2 import load_fp
from thriftpy2.thrift import TPayload
from thriftpy2.utils import serialize

with Path(__file__).with_name("golden.thrift").open(encoding="utf-8") as definition:
    golden: ModuleType = load_fp(definition, "golden_thrift")
"""The structs of golden.thrift. A field set to None is not written."""

CREATED_AT = 1_790_000_000


def event(**variant: TPayload) -> bytes:
    """A TweetEvent whose data is this variant."""
    return serialize(golden.Event(data=golden.Data(**variant)))


def core_data(**changes: object) -> TPayload:
    """The core data of a plain post, with some fields set otherwise. Its user_id belongs to no user."""
    fields = {"user_id": 99, "text": "grüße", "created_via": "web", "created_at_secs": CREATED_AT}
    return golden.CoreData(**fields | changes)


def create(*, core: TPayload | None = None, tweet: dict[str, object] | None = None, **changes: object) -> bytes:
    """The creation of post 1000 by author 10, with some fields of the tweet or of the create event set otherwise."""
    post = golden.Tweet(**{"id": 1000, "core_data": core or core_data()} | (tweet or {}))
    return event(tweet_create_event=golden.Create(**{"tweet": post, "user": golden.User(id=10)} | changes))


def delete(*, core: TPayload | None = None, post_id: int | None = 1000) -> bytes:
    """The deletion of a post."""
    return event(tweet_delete_event=golden.Delete(tweet=golden.Tweet(id=post_id, core_data=core)))


def media(**info: TPayload) -> TPayload:
    """A media entity whose media_info is this variant."""
    return golden.Media(from_index=3, media_info=golden.MediaInfo(**info))


def noise() -> TPayload:
    """A struct with a field of every wire type; its binary field is not UTF-8."""
    leaf = golden.Leaf(name="leaf")
    return golden.Noise(
        flag=True,
        small=-7,
        ratio=0.5,
        short_number=-300,
        number=70_000,
        long_number=-(2**40),
        words="words",
        bytes=b"\xff\xfe\x00",
        color=golden.Color.BLUE,
        numbers=[1, 2, 3],
        lines=["", "line"],
        ids={5, 6},
        counts={"a": 1, "b": 2},
        leaves={1: [leaf], 2: [leaf, leaf], 3: []},
        grid=[[True, False], [], [True]],
        leaf=leaf,
    )
