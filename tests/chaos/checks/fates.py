"""What was written about each post: its create, what ends it, and what an answer depends on. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from common.post import LightPost
from ingest.events import AuthorDelete, PostDelete
from tests.chaos.records.history import Place, Produced


class Ending(NamedTuple):
    """What takes a post out of all answers. sent, acked: moments. place: its message. text: for people.

    is_own: it is the delete of the post itself, which lies in the partition of its create.
    after: a message that must be applied, too, before the post is gone for good.
    """

    sent: float
    acked: float
    place: Place
    text: str
    is_own: bool = False
    after: Place | None = None


class Fates:
    """Of every post that was created: posts by id, the first create of each, and what ends it.

    ids_of: posts of an author. waits_for: messages whose commit shows that the post is visible.
    """

    def __init__(self, produced: Iterable[Produced]) -> None:
        self.posts: dict[int, LightPost] = {}
        self.creates: dict[int, Produced] = {}
        self.endings: defaultdict[int, list[Ending]] = defaultdict(list)
        self.ids_of: defaultdict[int, list[int]] = defaultdict(list)
        author_ends: defaultdict[int, list[tuple[int, Ending]]] = defaultdict(list)
        for each in sorted(produced, key=lambda produced: (produced.partition, produced.offset)):
            place = Place(each.partition, each.offset)
            match each.event:
                case LightPost() as post if post.post_id not in self.posts:
                    self.posts[post.post_id] = post
                    self.creates[post.post_id] = each
                    self.ids_of[post.author_id].append(post.post_id)
                case PostDelete(post_id):
                    self.endings[post_id].append(Ending(each.sent, each.acked, place, "its delete", is_own=True))
                case AuthorDelete(author_id, deleted_at):
                    ending = Ending(each.sent, each.acked, place, "the delete of its author")
                    author_ends[author_id].append((deleted_at, ending))
                case LightPost():
                    pass
        for author_id, ends in author_ends.items():
            self._end_posts(author_id, ends)
        self._end_replies()

    def place(self, post_id: int) -> Place:
        """Message of its first create."""
        create = self.creates[post_id]
        return Place(create.partition, create.offset)

    def waits_for(self, post_id: int) -> list[Place]:
        """Messages whose commit shows that the post is visible: its own, and that of its parent. Empty: never mind."""
        post = self.posts[post_id]
        if post.in_reply_to_post_id is None:
            return [self.place(post_id)]
        parent = self.posts.get(post.in_reply_to_post_id)
        if parent is None or not parent.is_original:
            return []  # shown or not by the rest of the request
        return [self.place(post_id), self.place(parent.post_id)]

    def _end_posts(self, author_id: int, ends: list[tuple[int, Ending]]) -> None:
        for post_id in self.ids_of[author_id]:
            created_at = self.posts[post_id].created_at
            self.endings[post_id] += [ending for deleted_at, ending in ends if created_at <= deleted_at]

    def _end_replies(self) -> None:
        """A reply goes with its parent.

        When the delete of an author overtakes one of his posts, which lies in another partition, that post counts as a
        parent for an instant: from the claim of its id until its author's node refuses it. Its create must be applied.
        That is a rule: an event holds once it is committed, and a parent counts while its record is live (contract 3.8
        and 4.4). The post itself is never shown; what its claim would have to read first lies on another node.
        """
        for post in self.posts.values():
            parent_id = post.in_reply_to_post_id
            if parent_id is None:
                continue
            for end in self.endings.get(parent_id, ()):
                if end.after is None and "parent" not in end.text:
                    overtaken = None if end.is_own or parent_id not in self.creates else self.place(parent_id)
                    text = f"{end.text[4:]} of its parent"
                    self.endings[post.post_id].append(end._replace(text=text, is_own=False, after=overtaken))
