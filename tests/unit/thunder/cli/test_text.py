import pytest

from thunder.cli.text import in_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "now"),
        (0.9, "now"),
        (1, "1 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (86_399, "23 h"),
        (200_000, "2 d"),
    ],
)
def test_a_span_has_its_largest_whole_unit(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
