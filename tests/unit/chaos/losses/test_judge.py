from tests.chaos.losses.judge import differences, judge
from tests.chaos.losses.ledger import Ledger, Thing
from tests.chaos.losses.readers import Answer

KEPT, DELETED = 1, 2


def ledger(*, settled: float = 0.0) -> Ledger:
    """One post that stays, and one that is deleted from 10 s to 11 s."""
    made = Ledger()
    made.settled = settled
    for number in (KEPT, DELETED):
        made.add(Thing(number, panel=0)).made = 1.0
    made.things[DELETED].removal, made.things[DELETED].removed = 10.0, 11.0
    return made


def answer(began: float, *ids: int, status: str = "OK", partial: bool = False) -> Answer:
    return Answer(0, 0, began, began + 0.1, status, partial, ids)


BEFORE = answer(2, KEPT, DELETED)


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    verdict = judge(ledger(), [BEFORE, answer(10.5, KEPT), answer(12, KEPT, DELETED), answer(13, KEPT)])
    assert (verdict.resurrected, verdict.unmarked, verdict.reduced) == (0, 0, 0), "the delete was not seen before 13 s"


def test_deleted_post_that_is_shown_again_is_found() -> None:
    verdict = judge(ledger(), [BEFORE, answer(12, KEPT), answer(13, KEPT, DELETED, partial=True)])
    assert (verdict.resurrected, verdict.resurrecting_answers) == (1, 1), "in a partial answer, too"


def test_deletes_of_a_settled_store_need_not_be_seen() -> None:
    assert judge(ledger(settled=12.0), [BEFORE, answer(13, KEPT, DELETED)]).resurrected == 1


def test_short_answer_is_found_unless_it_says_so() -> None:
    marked = [answer(5, partial=True), answer(6, status="UNAVAILABLE")]
    verdict = judge(ledger(), [BEFORE, *marked, answer(7, DELETED), answer(8, KEPT, DELETED)])
    assert (verdict.unmarked, verdict.most_lacking) == (1, 1)
    assert (verdict.reduced, verdict.reduced_first, verdict.reduced_last) == (2, 5.1, 6.1)


def test_post_that_was_never_shown_may_lag() -> None:
    assert judge(ledger(), [answer(2, DELETED)]).unmarked == 0


def test_reply_may_go_with_its_parent() -> None:
    made = ledger()
    made.add(Thing(3, 0, parent=made.things[DELETED])).made = 1.0
    answers = [answer(2, KEPT, DELETED, 3), answer(12, KEPT)]
    assert judge(made, answers).unmarked == 0
    assert made.expected() == {0: {KEPT}}


def test_differences_at_the_end() -> None:
    assert differences(ledger(), [answer(20, DELETED)]) == ({KEPT}, {DELETED})
