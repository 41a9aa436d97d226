from ingest.sources.wikipedia.source import RecentlySeen


def test_an_id_is_new_once() -> None:
    seen = RecentlySeen(10)

    assert [seen.see(one) for one in (1, 2, 1, 1, 2, 3)] == [True, True, False, False, False, True]


def test_what_was_seen_longest_ago_is_forgotten() -> None:
    seen = RecentlySeen(3)
    for one in (1, 2, 3):
        seen.see(one)

    assert not seen.see(1)
    assert seen.see(4)
    assert not seen.see(1)
    assert seen.see(2)
