import pytest

from common.kafka.configuration import Codec, read_compression


@pytest.mark.parametrize("codec", Codec)
def test_a_codec_alone_is_for_every_topic(codec: Codec) -> None:
    compression = read_compression(codec.value)
    assert compression.codec_of("posts") is codec
    assert compression.codecs == {codec}


def test_topics_may_have_a_codec_of_their_own() -> None:
    compression = read_compression("zstd, posts=lz4,follows=none")
    assert [compression.codec_of(topic) for topic in ("posts", "follows", "others")] == ["lz4", "none", "zstd"]
    assert compression.codecs == {Codec.ZSTD, Codec.LZ4, Codec.NONE}


def test_topics_that_are_not_named_are_lz4() -> None:
    assert read_compression("posts=gzip").codec_of("others") is Codec.LZ4


@pytest.mark.parametrize("text", ["brotli", "posts=brotli", "zstd,", "posts="])
def test_another_codec_is_refused_with_those_that_there_are(text: str) -> None:
    with pytest.raises(ValueError, match="one of lz4, zstd, gzip, snappy, none, or TOPIC=CODEC"):
        read_compression(text)
