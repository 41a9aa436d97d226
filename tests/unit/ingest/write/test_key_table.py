from ingest.write.key_table import KeyTable

NOW = 1_790_000_000


def test_a_table_that_is_full_begins_again() -> None:
    made: list[int] = []

    def words_of(number: int) -> bytes:
        made.append(number)
        return b"key%d|other" % number

    table = KeyTable(words_of, 2, most_keys=2)
    assert table.take([1, 2, 1], NOW) == ([b"key1|other", b"key2|other", b"key1|other"], [b"key1|", b"key2|"])
    assert table.take([1, 3], NOW).due == [b"key3|"]
    assert made == [1, 2, 3]
    assert table.take([1], NOW).due == [b"key1|"]
    assert made == [1, 2, 3, 1]


def test_a_failure_makes_keys_due_but_not_unknown() -> None:
    made: list[int] = []
    table = KeyTable(lambda number: b"%d" % (made.append(number) or number))
    table.take([1], NOW)
    table.forget()
    assert table.take([1, 1], NOW) == ([b"1", b"1"], [b"1"])
    assert made == [1]
