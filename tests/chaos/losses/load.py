"""Loads of events at a steady rate, acknowledged by Kafka."""

import random
import threading
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

from confluent_kafka import Producer

from common.post import LightPost
from ingest.decode.follow_event import encode_follow, follow_key
from ingest.decode.refined_event import encode_event
from ingest.events import Follow, PostDelete
from tests.chaos.losses.ledger import NEVER, Ledger, Thing
from thunder.demo.synthetic.raw_tweets import encode_create, encode_delete

AUTHORS = 2400
AUTHORS_PER_PANEL = 60
_TICK_SECONDS = 0.02
_FIRST_ID = 1_000_000_000
_FIRST_AUTHOR = 7_000


class Sending(NamedTuple):
    """A message, and what it is to be noted as once Kafka has acknowledged it."""

    key: bytes
    value: bytes
    thing: Thing
    note: Callable[[Thing], None]


class Wire(Protocol):
    """Messages of a topic about posts."""

    def create(self, post: LightPost) -> bytes: ...
    def delete(self, post_id: int) -> bytes: ...


class Refined:
    """Messages of the refined topic."""

    def create(self, post: LightPost) -> bytes:
        return encode_event(post)

    def delete(self, post_id: int) -> bytes:
        return encode_event(PostDelete(post_id, int(time.time())))


class Raw:
    """Messages of the raw topic."""

    def create(self, post: LightPost) -> bytes:
        return encode_create(post)

    def delete(self, post_id: int) -> bytes:
        return encode_delete(post_id)


class Author(Protocol):
    """Makes up the next event."""

    def next_event(self) -> Sending: ...


class PostEvents:
    """Posts, replies, reposts and deletes of posts, young and old ones."""

    def __init__(self, ledger: Ledger, seed: int, wire: Wire) -> None:
        self._ledger = ledger
        self._random = random.Random(seed)
        self._wire = wire
        self._posts: list[Thing] = []
        self._authors: list[int] = []
        self._next_id = _FIRST_ID

    def next_event(self) -> Sending:
        drawn = self._random.random()
        if drawn < 0.12 and (thing := self._removable()):
            thing.removal = time.monotonic()
            return self._sending(thing, self._wire.delete(thing.thing_id), self._ledger.note_removed)
        self._next_id += self._random.randrange(1, 5)
        author = _FIRST_AUTHOR + self._random.randrange(AUTHORS)
        post = LightPost(self._next_id, author, int(time.time()))
        parent = self._drawn_original() if drawn < 0.32 else None
        thing = Thing(post.post_id, panel_of(author), None)
        if parent is None:
            self._posts.append(thing)
            self._authors.append(author)
        else:
            number, original = parent
            post, thing.parent = self._secondary(post, number, original, is_reply=drawn < 0.24)
        self._ledger.add(thing)
        return self._sending(thing, self._wire.create(post), self._ledger.note_made)

    def _secondary(
        self, post: LightPost, number: int, original: Thing, *, is_reply: bool
    ) -> tuple[LightPost, Thing | None]:
        of = original.thing_id, self._authors[number]
        if is_reply:
            reply = post._replace(in_reply_to_post_id=of[0], in_reply_to_user_id=of[1], is_reply=True)
            return reply._replace(conversation_id=of[0]), original
        return post._replace(is_retweet=True, source_post_id=of[0], source_user_id=of[1]), None

    def _drawn_original(self) -> tuple[int, Thing] | None:
        if not self._posts:
            return None
        number = self._random.randrange(len(self._posts))
        return number, self._posts[number]

    def _removable(self) -> Thing | None:
        """An original that is not removed yet, every other time one of the last second."""
        recent = self._random.random() < 0.5
        lowest = max(0, len(self._posts) - 1000) if recent else 0
        if len(self._posts) < 100:
            return None
        thing = self._posts[self._random.randrange(lowest, len(self._posts))]
        return thing if thing.removal == NEVER else None

    def _sending(self, thing: Thing, value: bytes, note: Callable[[Thing], None]) -> Sending:
        return Sending(b"%d" % thing.thing_id, value, thing, note)


class FollowEvents:
    """Viewers follow authors, and no longer do. The thing is the follow; the panel is the viewer."""

    def __init__(self, ledger: Ledger, seed: int, viewers: range, targets: range) -> None:
        self._ledger = ledger
        self._random = random.Random(seed)
        self._viewers = viewers
        self._targets = targets
        self._live: list[Thing] = []

    def next_event(self) -> Sending:
        if self._random.random() < 0.2 and self._live:
            thing = self._live.pop(self._random.randrange(len(self._live)))
            thing.removal = time.monotonic()
            return self._sending(thing, self._ledger.note_removed, removed=True)
        viewer, target = self._drawn_pair()
        while follow_id(viewer, target) in self._ledger.things:
            viewer, target = self._drawn_pair()
        thing = self._ledger.add(Thing(follow_id(viewer, target), viewer))
        self._live.append(thing)
        return self._sending(thing, self._ledger.note_made, removed=False)

    def _drawn_pair(self) -> tuple[int, int]:
        return self._random.choice(self._viewers), self._random.choice(self._targets)

    def _sending(self, thing: Thing, note: Callable[[Thing], None], *, removed: bool) -> Sending:
        follow = Follow(thing.panel, target_of(thing.thing_id), 0, int(time.time()), removed)
        return Sending(follow_key(follow), encode_follow(follow), thing, note)


def follow_id(viewer: int, target: int) -> int:
    return viewer << 32 | target


def target_of(thing_id: int) -> int:
    return thing_id & 0xFFFFFFFF


def panel_of(author: int) -> int:
    return (author - _FIRST_AUTHOR) // AUTHORS_PER_PANEL


def authors_of(panel: int) -> range:
    return range(_FIRST_AUTHOR + panel * AUTHORS_PER_PANEL, _FIRST_AUTHOR + (panel + 1) * AUTHORS_PER_PANEL)


PANELS = range(AUTHORS // AUTHORS_PER_PANEL)
VIEWERS = range(3_000, 3_080)
TARGETS = range(5_000, 5_400)


class Load:
    """Sends events in a thread of its own, `rate` a second."""

    def __init__(self, bootstrap: str, topic: str, author: Author, rate: int) -> None:
        self.sent = 0
        self.failed = 0
        self._topic = topic
        self._author = author
        self._rate = rate
        options = {"bootstrap.servers": bootstrap, "linger.ms": 5, "partitioner": "murmur2_random"}
        self._producer = Producer(options | {"enable.idempotence": True, "log_level": 0})
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def send(self, count: int) -> None:
        """Send this number at once, before start(); return when all are acknowledged."""
        for _ in range(count):
            self._send()
            self._producer.poll(0)
        assert self._producer.flush(60) == 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return when everything sent is acknowledged."""
        if self._thread.is_alive():
            self._ended.set()
            self._thread.join(30)
        assert self._producer.flush(60) == 0
        assert not self.failed, f"Kafka refused {self.failed} events"

    def _run(self) -> None:
        began, sent = time.monotonic(), 0
        while not self._ended.is_set():
            due = int((time.monotonic() - began) * self._rate)
            for _ in range(due - sent):
                self._send()
            sent = max(sent, due)
            self._producer.poll(_TICK_SECONDS)

    def _send(self) -> None:
        message = self._author.next_event()
        self.sent += 1

        def delivered(error: object, _: object) -> None:
            if error is None:
                message.note(message.thing)
            else:
                self.failed += 1

        self._producer.produce(self._topic, message.value, message.key, on_delivery=delivered)
