"""I3, I5 and I9: what an answer must and must not hold, given what was known before it began."""

import pytest

from tests.chaos.checks.fates import Fates
from tests.chaos.checks.timeline import TimelineCheck
from tests.chaos.records.history import Produced
from tests.unit.chaos.hand_made import AUTHOR, OTHER, Written, post


def found(written: Written) -> list[str]:
    history = written.history
    check = TimelineCheck(Fates(history.produced), history.answers, history.commits)
    return [finding.invariant for finding in check.findings()]


def test_a_post_that_was_shown_stays() -> None:
    assert found(Written().create(1, 1).answer(2, [1]).answer(3, [])) == ["I9"]


def test_a_partial_answer_may_lack_it() -> None:
    assert found(Written().create(1, 1).answer(2, [1]).answer(3, [], partial=True)) == []


def test_an_error_may_lack_it() -> None:
    assert found(Written().create(1, 1).answer(2, [1]).answer(3, [], code="UNAVAILABLE")) == []


def test_an_answer_about_others_may_lack_it() -> None:
    assert found(Written().create(1, 1).answer(2, [1]).answer(3, [], authors=(OTHER,))) == []


def test_an_answer_that_caps_may_cut_may_lack_it() -> None:
    assert found(Written().create(1, 1).answer(2, [1]).answer(3, [], cut=True)) == []


def test_an_answer_that_began_before_may_lack_it() -> None:
    assert found(Written().create(1, 1).answer(2, [1], took=2).answer(3, [])) == []


def test_a_post_that_a_partial_answer_showed_stays_too() -> None:
    assert found(Written().create(1, 1).answer(2, [1], partial=True).answer(3, [])) == ["I9"]


def test_a_post_whose_commit_is_known_is_there() -> None:
    assert found(Written().create(1, 1).commit(2, 1).answer(3, [])) == ["I5"]
    assert found(Written().create(1, 1).commit(2, 1).answer(3, [1])) == []
    assert found(Written().create(1, 1).commit(2, 0).answer(3, [])) == []
    assert found(Written().create(1, 1).commit(4, 1).answer(3, [])) == []


def test_what_is_not_applied_yet_may_be_missing() -> None:
    assert found(Written().create(1, 1).answer(2, []).answer(3, [1])) == []


def test_a_delete_that_was_sent_may_be_seen() -> None:
    assert found(Written().create(1, 1).answer(2, [1]).delete(3, 1).answer(3.05, [1]).answer(4, [])) == []


def test_a_delete_that_was_sent_later_explains_nothing() -> None:
    assert found(Written().create(1, 1).answer(2, [1]).answer(3, []).delete(4, 1)) == ["I9"]


def test_a_deleted_post_never_comes_back() -> None:
    assert found(Written().create(1, 1).answer(2, [1]).delete(3, 1).answer(4, []).answer(5, [1])) == ["I3"]


def test_a_deleted_post_never_comes_back_in_part_either() -> None:
    written = Written().create(1, 1).answer(2, [1]).delete(3, 1).answer(4, []).answer(5, [1], partial=True)
    assert found(written) == ["I3"]


def test_a_post_may_be_there_until_its_delete_is_seen() -> None:
    written = Written().create(1, 1).answer(2, [1]).delete(3, 1).answer(4, [1]).answer(5, [1], partial=True)
    assert found(written.answer(6, [], partial=True).answer(7, [1])) == []


def test_an_answer_that_began_before_the_delete_was_seen_may_show_it() -> None:
    assert found(Written().create(1, 1).answer(2, [1]).delete(3, 1).answer(4, [], took=2).answer(5, [1])) == []


def test_a_delete_whose_commit_is_known_is_seen() -> None:
    written = Written().create(1, 1).answer(2, [1]).delete(3, 1)
    assert found(written.commit(4, 1).answer(5, [1])) == []
    assert found(written.commit(6, 2).answer(7, [1])) == ["I3"]


def test_a_repeat_after_the_delete_brings_nothing_back() -> None:
    written = Written().create(1, 1).answer(2, [1]).delete(3, 1).answer(4, []).create(5, 1)
    assert found(written.answer(6, [])) == []
    assert found(written.answer(7, [1])) == ["I3"]


def test_a_delete_before_the_create_holds_from_the_start() -> None:
    assert found(Written().delete(1, 1).create(2, 1).answer(3, [1])) == ["I3"]
    assert found(Written().delete(1, 1).create(1.05, 1).answer(3, [1])) == [], (
        "it was not acknowledged when it was sent"
    )


def test_the_delete_of_a_parent_or_an_author_may_be_applied_later() -> None:
    """It lies in another partition."""
    written = Written().write(1, post(1, OTHER)).delete(2, 1).write(3, post(2, AUTHOR, parent=1))
    assert found(written.delete_author(3, deleted_at=4).create(4, 3).answer(5, [3, 2, 1])) == []


def test_a_reply_is_gone_once_the_overtaken_create_of_its_parent_is_applied() -> None:
    """Until then the parent counts for an instant, though the delete of its author is applied."""
    written = Written().write(1, post(2, OTHER, parent=1)).delete_author(1, deleted_at=4).commit(2, 2)
    written.history.produced.append(Produced(post(1), 1, 0, 1, 1.1))
    assert found(written.answer(3, [2])) == []
    assert found(written.commit(4, 1, partition=1).answer(5, [2])) == ["I3"]


def test_an_answer_says_nothing_of_a_reply_to_a_reply() -> None:
    """Others who are followed decide, too."""
    written = Written().write(1, post(1, OTHER), post(2, AUTHOR, parent=1), post(3, AUTHOR, parent=2))
    assert found(written.answer(2, [3, 2, 1]).delete(3, 3).answer(4, [2, 1]).answer(5, [3, 2, 1])) == []
    assert found(written.commit(6, 4).answer(7, [3, 2, 1])) == ["I3"]


def test_the_delete_of_an_author_takes_what_was_created_before() -> None:
    written = Written().create(1, 1, 5).answer(2, [5, 1]).delete_author(3, deleted_at=4).commit(4, 3)
    assert found(written.answer(5, [5])) == []
    assert found(written.answer(6, [5, 1])) == ["I3"]
    assert found(written.answer(7, [])) == ["I3", "I9"]


def test_a_reply_goes_with_its_parent() -> None:
    written = Written().write(1, post(1, OTHER), post(2, AUTHOR, parent=1)).answer(2, [2, 1]).delete(3, 1)
    assert found(written.answer(4, [2, 1]).answer(5, [])) == []
    assert found(written.answer(6, [2])) == ["I3"]


def test_a_reply_is_there_when_its_parent_is() -> None:
    written = Written().write(1, post(1, OTHER), post(2, AUTHOR, parent=1))
    assert found(written.commit(2, 1).answer(3, [1])) == []
    assert found(written.commit(4, 2).answer(5, [1])) == ["I5"]


@pytest.mark.parametrize("parent", [2, 99])
def test_a_reply_to_a_reply_or_to_nothing_is_not_waited_for(parent: int) -> None:
    written = Written().write(1, post(1, OTHER), post(2, AUTHOR, parent=1), post(3, AUTHOR, parent=parent))
    assert found(written.commit(2, 3).answer(3, [2, 1])) == []
