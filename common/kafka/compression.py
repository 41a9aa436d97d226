"""Which codec the messages of a topic are compressed with. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Codec(StrEnum):
    """How a batch of messages is compressed; readers need no setting for it."""

    LZ4 = "lz4"
    ZSTD = "zstd"
    GZIP = "gzip"
    SNAPPY = "snappy"
    NONE = "none"


class Compression(NamedTuple):
    """The codec of each topic: its own, or that of all the others."""

    others: Codec
    by_topic: Mapping[str, Codec]

    def codec_of(self, topic: str) -> Codec:
        """What messages to the topic are compressed with."""
        return self.by_topic.get(topic, self.others)

    @property
    def codecs(self) -> frozenset[Codec]:
        """All that may be needed."""
        return frozenset((self.others, *self.by_topic.values()))


def read_compression(text: str) -> Compression:
    """CODEC, or TOPIC=CODEC, or several of these with commas between; topics not named take the CODEC, else lz4.

    ValueError says what may be written.
    """
    others, by_topic = Codec.LZ4, dict[str, Codec]()
    for part in text.split(","):
        topic, named, codec = part.strip().rpartition("=")
        if named:
            by_topic[topic.strip()] = _codec(codec)
        else:
            others = _codec(codec)
    return Compression(others, by_topic)


def _codec(name: str) -> Codec:
    try:
        return Codec(name.strip())
    except ValueError:
        raise ValueError(
            f"compression is one of {', '.join(Codec)}, or TOPIC=CODEC with commas between, and one codec is unknown"
        ) from None
