"""The events that a run writes, drawn by its seed. Pure: moments are arguments.

Authors come and go: each writes fewer posts than an answer may hold of him, so that readers who ask for him see all of
them. A few write without end; only what is left of them at the end is compared.
"""

import random
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from common.post import LightPost
from ingest.decode.refined_event import encode_event
from ingest.events import AuthorDelete, Event, PostDelete

ACTIVE = 60
PROLIFIC = 3
ORIGINALS = 40
SECONDARY = 24
_REMEMBERED = 2000
_OLDEST_SECONDS = 30
_MOST_ASKED = 48


class _Author:
    def __init__(self, author_id: int) -> None:
        self.id = author_id
        self.originals = ORIGINALS
        self.secondary = SECONDARY


class Later(NamedTuple):
    """An event that is written at that moment (Unix seconds)."""

    at: float
    event: Event


class World:
    """What is written next. authors: ids of those who write no more than an answer holds; they stay when they stop."""

    def __init__(self, drawn: random.Random) -> None:
        self._random = drawn
        self.authors: list[int] = []
        self.prolific = [self._id() for _ in range(PROLIFIC)]
        self._active = [self._new_author() for _ in range(ACTIVE)]
        self._posts: deque[LightPost] = deque(maxlen=_REMEMBERED)
        self._originals: deque[LightPost] = deque(maxlen=_REMEMBERED)
        self._replies: deque[LightPost] = deque(maxlen=_REMEMBERED)
        self._later: list[Later] = []

    def events(self, count: int, now: float) -> Iterator[Event]:
        """About that many events, and what was put off until now."""
        due = [each.event for each in self._later if each.at <= now]
        self._later = [each for each in self._later if each.at > now]
        yield from due
        makers = self._random.choices(
            (self._post, self._reply, self._deep_reply, self._repost, self._delete, self._repeat, self._early_delete),
            (52, 15, 5, 9, 10, 5, 2),
            k=count,
        )
        for make in makers:
            yield from make(now)
        if self._random.random() < count * 0.003:
            yield from self._author_delete(now)

    def writing(self) -> list[int]:
        """Authors who write now."""
        return [author.id for author in self._active]

    def authors_to_ask(self, drawn: random.Random) -> tuple[int, ...]:
        """Some who write now and some who have stopped."""
        count = drawn.randint(1, _MOST_ASKED)
        recent = [author.id for author in self._active]
        asked = drawn.sample(recent, min(len(recent), count))
        return tuple({*asked, *drawn.sample(self.authors, min(len(self.authors), count // 2))})

    def _post(self, now: float) -> Iterator[Event]:
        if self._random.random() < 0.1:
            author_id = self._random.choice(self.prolific)
        else:
            author = self._author()
            author.originals -= 1
            author_id = author.id
        post = LightPost(self._id(), author_id, self._moment(now), has_video=self._random.random() < 0.2)
        self._originals.append(post)
        self._posts.append(post)
        yield post

    def _reply(self, now: float) -> Iterator[Event]:
        if self._originals:
            parent = self._random.choice(self._originals)
            yield self._answer_to(parent, parent.post_id, now)

    def _deep_reply(self, now: float) -> Iterator[Event]:
        if self._replies:
            parent = self._random.choice(self._replies)
            yield self._answer_to(parent, parent.in_reply_to_post_id, now)

    def _answer_to(self, parent: LightPost, conversation: int | None, now: float) -> LightPost:
        reply = LightPost(
            self._id(),
            self._secondary_author().id,
            self._moment(now),
            parent.post_id,
            parent.author_id,
            is_reply=True,
            conversation_id=conversation,
        )
        self._posts.append(reply)
        if parent.is_original:
            self._replies.append(reply)
        return reply

    def _repost(self, now: float) -> Iterator[Event]:
        if self._originals:
            source = self._random.choice(self._originals)
            author = self._secondary_author()
            repost = LightPost(self._id(), author.id, self._moment(now), is_retweet=True)
            repost = repost._replace(source_post_id=source.post_id, source_user_id=source.author_id)
            self._posts.append(repost)
            yield repost

    def _delete(self, now: float) -> Iterator[Event]:
        if self._posts:
            yield PostDelete(self._random.choice(self._posts).post_id, self._random.choice((0, -1, int(now))))

    def _repeat(self, _: float) -> Iterator[Event]:
        if self._posts:
            yield self._random.choice(self._posts)

    def _early_delete(self, now: float) -> Iterator[Event]:
        """A delete before its create, which follows at once or some seconds later."""
        author = self._author()
        author.originals -= 1
        post = LightPost(self._id(), author.id, self._moment(now))
        yield PostDelete(post.post_id, int(now))
        if self._random.random() < 0.5:
            yield post
        else:
            self._later.append(Later(now + 3 * self._random.random(), post))

    def _author_delete(self, now: float) -> Iterator[Event]:
        """An account goes; some of its posts, and repeats, arrive after that."""
        author = self._random.choice(self._active)
        self._active.remove(author)
        self._active.append(self._new_author())
        yield AuthorDelete(author.id, int(now))
        for _ in range(3):
            late = LightPost(self._id(), author.id, self._moment(now))
            self._later.append(Later(now + 3 * self._random.random(), late))

    def _author(self) -> _Author:
        author = self._random.choice(self._active)
        return author if author.originals > 3 else self._replaced(author)  # three may come late

    def _secondary_author(self) -> _Author:
        author = self._random.choice(self._active)
        author = author if author.secondary > 0 else self._replaced(author)
        author.secondary -= 1
        return author

    def _replaced(self, author: _Author) -> _Author:
        self._active.remove(author)
        self._active.append(self._new_author())
        return self._active[-1]

    def _new_author(self) -> _Author:
        author = _Author(self._id())
        self.authors.append(author.id)
        return author

    def _moment(self, now: float) -> int:
        return int(now) - self._random.randint(0, _OLDEST_SECONDS)

    def _id(self) -> int:
        return self._random.getrandbits(62) + 1


def poison(drawn: random.Random) -> bytes:
    """A message that is no event: noise, a truncated event, an id of 0, endless nesting."""
    whole = encode_event(LightPost(drawn.getrandbits(62) + 1, drawn.getrandbits(62) + 1, 1_790_000_000))
    return drawn.choice(
        (
            b"\xff" + drawn.randbytes(drawn.randint(1, 400)),
            whole[: drawn.randint(2, len(whole) - 1)],
            b"\x0a\x04\x08\x00\x10\x07",
            b"\x0a\xff\xff\xff\xff\x0f",
            b"\x0b" * drawn.randint(200, 5000),
        )
    )


ABSURD_MOMENTS = (0, -1, 2**63 - 1, 2**40, -(2**63), 253_402_300_800)
"""Creation times of creates that no answer may ever show."""
