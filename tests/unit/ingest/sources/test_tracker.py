from hypothesis import given
from hypothesis import strategies as st

from ingest.sources.tracker import ResumePosition


def test_it_begins_where_the_source_does() -> None:
    assert ResumePosition("").position == ""
    assert ResumePosition("7").position == "7"


def test_messages_before_the_oldest_awaited_are_passed() -> None:
    progress = ResumePosition("0")
    first, second = progress.sent("1"), progress.sent("2")
    progress.passed("3")
    assert progress.position == "0"
    progress.acknowledged(second)
    assert progress.position == "0"
    progress.acknowledged(first)
    assert progress.position == "3"


def test_what_is_never_acknowledged_is_never_left_behind() -> None:
    progress = ResumePosition("")
    progress.passed("1")
    progress.sent("2")
    for number in range(3, 10):
        progress.acknowledged(progress.sent(str(number)))
    assert progress.position == "1"


def test_a_message_without_a_position_leaves_it_as_it_is() -> None:
    progress = ResumePosition("5")
    progress.passed("")
    progress.acknowledged(progress.sent(""))
    assert progress.position == "5"


@given(st.lists(st.booleans(), max_size=30), st.data())
def test_resuming_repeats_only_what_is_needed(kinds: list[bool], data: st.DataObject) -> None:
    progress, numbers = ResumePosition("0"), dict[int, int]()
    for place, is_sent in enumerate(kinds, start=1):
        if is_sent:
            numbers[place] = progress.sent(str(place))
        else:
            progress.passed(str(place))
    acknowledged = data.draw(st.sets(st.sampled_from(sorted(numbers)) if numbers else st.nothing()))
    for place in acknowledged:
        progress.acknowledged(numbers[place])

    awaited = numbers.keys() - acknowledged
    assert progress.position == str(min(awaited) - 1 if awaited else len(kinds))
