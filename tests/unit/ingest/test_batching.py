from ingest.batching import Batching


def test_a_batch_is_larger_while_catching_up() -> None:
    assert Batching().wanted(catching_up=False) == 1000
    assert Batching().wanted(catching_up=True) == 5000


def test_a_batch_larger_than_the_catch_up_size_is_not_cut_by_it() -> None:
    assert Batching(size=8000, catch_up_size=5000).wanted(catching_up=True) == 8000
