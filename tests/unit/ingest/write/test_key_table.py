from ingest.write.key_table import REFRESH_SECONDS, KeyTable

NOW = 1_790_000_000


def test_a_table_that_is_full_begins_again() -> None:
    made: list[int] = []

    def words_of(number: int) -> bytes:
        made.append(number)
        return b"key%d" % number

    table = KeyTable(words_of, most_keys=2)
    assert table.words([1, 2, 1]) == [b"key1", b"key2", b"key1"]
    assert table.words([1, 3]) == [b"key1", b"key3"]
    assert made == [1, 2, 3]
    assert table.words([1]) == [b"key1"]
    assert made == [1, 2, 3, 1]


def test_a_key_is_due_once() -> None:
    table = KeyTable(lambda number: b"key%d" % number, most_keys=2)
    assert sorted(table.due([1, 2, 1], NOW)) == [b"key1", b"key2"]
    assert table.due([1, 3], NOW + REFRESH_SECONDS - 1) == [b"key3"]
    assert table.due([1], NOW) == [b"key1"], "the table was full"
    assert table.due([1], NOW) == []


def test_others_are_due_as_well() -> None:
    table = KeyTable(lambda number: b"key%d" % number)
    assert sorted(table.due([1, 2], NOW, [2, 3])) == [b"key1", b"key2", b"key3"]
    assert table.due([1, 2], NOW, [2]) == [b"key2"]
    assert table.due([3], NOW) == [b"key3"], "a post of it was not written"


def test_a_failure_makes_keys_due_but_not_unknown() -> None:
    made: list[int] = []
    table = KeyTable(lambda number: b"%d" % (made.append(number) or number))
    table.due([1], NOW)
    table.forget()
    assert table.due([1, 1], NOW) == [b"1"]
    assert table.words([1, 1]) == [b"1", b"1"]
    assert made == [1]


def test_nothing_is_fresh_when_the_first_call_fails() -> None:
    table = KeyTable(str)
    table.forget()
    assert table.due([1], now=0) == ["1"]
