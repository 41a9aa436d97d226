import pytest

from ingest.sources.producer.murmur2 import murmur2, partition_of

# From UtilsTest.testMurmur2 of Apache Kafka, where the numbers are signed.
VECTORS = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize(("key", "signed"), VECTORS.items())
def test_the_hash_is_that_of_javas_client(key: bytes, signed: int) -> None:
    assert murmur2(key) == signed % 2**32


def test_the_partition_is_the_positive_hash_modulo_the_count() -> None:
    assert partition_of(b"21", 7) == (-973932308 & 0x7FFFFFFF) % 7
    assert partition_of(b"abc", 7) == 479470107 % 7


def test_all_partitions_are_used() -> None:
    assert {partition_of(b"%d" % number, 5) for number in range(100)} == set(range(5))
