"""Histories made by hand: what was written and answered, at moments in seconds."""

from collections.abc import Sequence

from common.post import LightPost
from ingest.events import AuthorDelete, Event, PostDelete
from tests.chaos.records.history import Answer, Commits, History, Produced

AUTHOR = 7
OTHER = 8
LIMIT = 2.0


def post(post_id: int, author: int = AUTHOR, parent: int | None = None) -> LightPost:
    """Its creation time is its id."""
    return LightPost(post_id, author, post_id, parent, is_reply=parent is not None)


class Written:
    """A history that grows; each event takes the next offset of partition 0, and is acknowledged 0.1 s later."""

    def __init__(self) -> None:
        self.history = History()

    def write(self, at: float, *events: Event) -> "Written":
        for event in events:
            self.history.produced.append(Produced(event, 0, len(self.history.produced), at, at + 0.1))
        return self

    def create(self, at: float, *ids: int) -> "Written":
        return self.write(at, *map(post, ids))

    def delete(self, at: float, post_id: int) -> "Written":
        return self.write(at, PostDelete(post_id, 0))

    def delete_author(self, at: float, deleted_at: int) -> "Written":
        return self.write(at, AuthorDelete(AUTHOR, deleted_at))

    def answer(self, at: float, ids: Sequence[int], took: float = 0.1, **facts: object) -> "Written":
        """Of server a, about AUTHOR and OTHER unless facts say otherwise."""
        answer = Answer("a", (AUTHOR, OTHER), tuple(ids), at, at + took, limit=LIMIT)
        self.history.answers.append(answer._replace(**facts))
        return self

    def commit(self, at: float, offset: int, partition: int = 0) -> "Written":
        self.history.commits.append(Commits(at, {partition: offset}))
        return self
