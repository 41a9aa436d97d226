"""I3, I5 and I9: goes through the answers in the order of time, and knows what each must and must not hold. Pure.

A post is *visible* once an answer has shown it, or once the commit of its message is known. It is *gone* once its
delete is visible: a whole answer lacks what was shown before, or the commit of the delete is known.
An answer that began later must not show what was gone (I3). If it is whole, it must show what was visible and is not
deleted: else it is short without saying so (I9), or the commit was early (I5), if no answer ever showed the post.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tests.chaos.checks.fates import Ending, Fates
from tests.chaos.records.history import Answer, Commits

_MOST_IDS = 5


class Finding(NamedTuple):
    """What is wrong with an answer."""

    invariant: str
    answer: Answer
    text: str


class _Gone(NamedTuple):
    at: float
    why: str


class TimelineCheck:
    """One pass over a history."""

    def __init__(self, fates: Fates, answers: Iterable[Answer], commits: Sequence[Commits]) -> None:
        self._fates = fates
        self._answers = sorted(answers, key=lambda answer: answer.started)
        self._ended = sorted(self._answers, key=lambda answer: answer.ended)
        self._commits = sorted(commits)
        self._shown: dict[int, float] = {}
        self._visible: dict[int, float] = {}
        self._visible_of: defaultdict[int, set[int]] = defaultdict(set)
        self._dying_of: defaultdict[int, set[int]] = defaultdict(set)
        self._gone: dict[int, _Gone] = {}
        self._committed: dict[int, int] = {}
        self._by_place = _CommitsByPlace(fates)
        for post_id, create in fates.creates.items():
            before = [end for end in fates.endings.get(post_id, ()) if end.place.partition == create.partition]
            if any(end.is_own and end.acked < create.sent for end in before):
                self._gone[post_id] = _Gone(create.sent, "its delete lies before its create")

    def findings(self) -> Iterator[Finding]:
        """In the order in which the answers began."""
        ended = committed = 0
        for answer in self._answers:
            while ended < len(self._ended) and self._ended[ended].ended < answer.started:
                self._learn(self._ended[ended])
                ended += 1
            while committed < len(self._commits) and self._commits[committed].at < answer.started:
                self._learn_commits(self._commits[committed])
                committed += 1
            yield from self._judge(answer)

    def _judge(self, answer: Answer) -> Iterator[Finding]:
        if risen := [post_id for post_id in answer.ids if post_id in self._gone]:
            gone = self._gone[risen[0]]
            text = f"shows {len(risen)} deleted posts: {risen[:_MOST_IDS]}; {risen[0]} was gone at {gone.at:.3f}"
            yield Finding("I3", answer, f"{text}: {gone.why}")
        if not answer.is_evidence:
            return
        held = set(answer.ids)
        missing = [
            post_id
            for author in answer.authors
            for post_id in self._visible_of[author] - held
            if not self._may_be_gone(post_id, answer.ended)
        ]
        shown = [post_id for post_id in missing if post_id in self._shown]
        if shown:
            when = min(shown, key=self._shown.__getitem__)
            text = f"lacks {len(shown)} posts without saying so: {shown[:_MOST_IDS]}"
            yield Finding("I9", answer, f"{text}; {when} was shown at {self._shown[when]:.3f}")
        elif missing:
            when = self._visible[missing[0]]
            text = (
                f"lacks {len(missing)} posts: {missing[:_MOST_IDS]}; the commit of {missing[0]} was known at {when:.3f}"
            )
            yield Finding("I5", answer, text)

    def _may_be_gone(self, post_id: int, moment: float) -> bool:
        return any(ending.sent <= moment for ending in self._fates.endings.get(post_id, ()))

    def _learn(self, answer: Answer) -> None:
        for post_id in answer.ids:
            if post_id not in self._shown and post_id in self._fates.posts:
                self._shown[post_id] = answer.ended
                self._is_visible(post_id, answer.ended)
        if answer.is_evidence:
            held = set(answer.ids)
            for author in answer.authors:
                for post_id in [each for each in self._dying_of[author] if each not in held]:
                    shown = self._shown.get(post_id, answer.ended)
                    if shown < answer.started and self._may_be_gone(post_id, answer.ended):
                        why = f"the whole answer of {answer.server} from {answer.started:.3f} on lacked it"
                        self._is_gone(post_id, _Gone(answer.ended, why))

    def _learn_commits(self, commits: Commits) -> None:
        for partition, offset in commits.offsets.items():
            known = self._committed.get(partition, 0)
            if offset > known:
                self._committed[partition] = offset
        for post_id in self._by_place.visible(self._committed):
            self._is_visible(post_id, commits.at)
        for post_id, (_, _, place, text, *_) in self._by_place.gone(self._committed):
            why = f"{text} (partition {place.partition} offset {place.offset}) was committed"
            self._is_gone(post_id, _Gone(commits.at, why))

    def _is_visible(self, post_id: int, at: float) -> None:
        if post_id in self._visible or post_id in self._gone:
            return
        self._visible[post_id] = at
        author = self._fates.posts[post_id].author_id
        if self._fates.waits_for(post_id):
            self._visible_of[author].add(post_id)
            if self._fates.endings.get(post_id):
                self._dying_of[author].add(post_id)

    def _is_gone(self, post_id: int, gone: _Gone) -> None:
        self._gone.setdefault(post_id, gone)
        author = self._fates.posts[post_id].author_id
        self._visible_of[author].discard(post_id)
        self._dying_of[author].discard(post_id)


class _CommitsByPlace:
    """Posts that become visible, or gone, as the commits advance. Each is given once."""

    def __init__(self, fates: Fates) -> None:
        self._creates: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        self._endings: defaultdict[int, list[tuple[int, int, Ending]]] = defaultdict(list)
        self._half: set[tuple[int, Ending]] = set()
        self._waiting: dict[int, int] = {}
        for post_id in fates.posts:
            places = set(fates.waits_for(post_id))
            self._waiting[post_id] = len(places)
            for place in places:
                self._creates[place.partition].append((place.offset, post_id))
            for ending in fates.endings.get(post_id, ()):
                for place in {ending.place, ending.after or ending.place}:
                    self._endings[place.partition].append((place.offset, post_id, ending))
        for waiting in (*self._creates.values(), *self._endings.values()):
            waiting.sort(key=lambda each: each[0], reverse=True)

    def visible(self, committed: dict[int, int]) -> Iterator[int]:
        """Ids of posts all of whose messages are committed now."""
        for partition, offset in committed.items():
            creates = self._creates[partition]
            while creates and creates[-1][0] < offset:
                _, post_id = creates.pop()
                self._waiting[post_id] -= 1
                if not self._waiting[post_id]:
                    yield post_id

    def gone(self, committed: dict[int, int]) -> Iterator[tuple[int, Ending]]:
        """Posts that a committed message ends, with the message."""
        for partition, offset in committed.items():
            endings = self._endings[partition]
            while endings and endings[-1][0] < offset:
                _, post_id, ending = endings.pop()
                if ending.after in (None, ending.place) or (post_id, ending) in self._half:
                    yield post_id, ending
                else:
                    self._half.add((post_id, ending))
