"""A demo with events: sends them to Kafka and queries one viewer's timeline over gRPC."""

import time
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Self

from common.errors import StoreUnavailable, ThunderError
from common.lifecycle import Stop
from common.store.client import StoreClient, failures
from common.store.commands import NodeCommand, pack
from common.store.keys import KeySpace
from thunder.client import AskFailed, PostsClient
from thunder.demo.environment import Environment
from thunder.demo.event_feed import EventFeed
from thunder.demo.feeder import Feeder, Lag
from thunder.demo.screens.screen import Screen, Status, TimelineView, status_line
from thunder.demo.stage import Answered, FaultStage
from thunder_client.messages import GetInNetworkPostsRequest

_SECONDS_BETWEEN_FEEDS = 0.1
_SECONDS_BETWEEN_QUERIES = 1.0
_SECONDS_TO_ANSWER = 10.0
_SECONDS_WITHOUT_PROGRESS = 60.0
_SMALL_LAG = 50
"""Events that may be on their way while everything works."""


class Stalled(ThunderError):
    """No event has been stored for a minute, although some were sent."""


class Session:
    """A context manager: leaving it closes its connections. Its methods end early when stop is set."""

    def __init__(self, environment: Environment, feed: EventFeed, screen: Screen, stop: Stop) -> None:
        """Opens the connections; the roles of the environment are ready by now."""
        self._environment = environment
        self._feed = feed
        self._screen = screen
        self._stop = stop
        with ExitStack() as opening:
            self._lag = Lag(environment.addresses)
            opening.callback(self._lag.close)
            self._feeder = Feeder(feed, environment.addresses, self._lag)
            opening.callback(self._feeder.close)
            self._stored = StoredPosts(environment.addresses.redis)
            opening.callback(self._stored.close)
            self._client = opening.enter_context(PostsClient(environment.addresses.grpc))
            self._open = opening.pop_all()
        self._answered = 0
        self._stored_posts = 0
        self._last = Answered.WHOLE

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def fill(self) -> bool:
        """Sends what is due, waits until all of it is stored, and queries once. Returns False when stopped before.

        Raises ChildDied, Stalled, AskFailed.
        """
        now = time.time()
        before, changed_at = self._status(), time.monotonic()
        while not (self._feeder.send_due(now) and self._lag.events() == 0):
            if self._stop.wait(_SECONDS_BETWEEN_FEEDS):
                return False
            self._environment.check()
            status = self._status()
            self._screen.progress(f"storing · {status_line(status)}")
            if status != before:
                before, changed_at = status, time.monotonic()
            elif time.monotonic() - changed_at > _SECONDS_WITHOUT_PROGRESS:
                raise Stalled
        self._query()
        return True

    def run(self, stage: FaultStage | None = None) -> None:
        """Sends and queries until stopped, with faults if there is a stage. Raises ChildDied; AskFailed without one."""
        next_query_at = time.monotonic() + _SECONDS_BETWEEN_QUERIES
        while not self._stop.wait(_SECONDS_BETWEEN_FEEDS):
            self._environment.check()
            self._feeder.send_due(time.time())
            if stage and not stage.is_quiet:
                self._watch(stage)
            elif time.monotonic() >= next_query_at:
                next_query_at = time.monotonic() + _SECONDS_BETWEEN_QUERIES
                self._query()
            if stage:
                stage.act(time.monotonic(), self._has_recovered)

    def _watch(self, stage: FaultStage) -> None:
        """Queries during a fault, when an answer may fail."""
        try:
            is_partial = self._query()
        except (AskFailed, StoreUnavailable) as failure:
            self._last = Answered.NONE
            self._screen.progress(f"no answer: {failure}")
        else:
            self._last = Answered.PARTIAL if is_partial else Answered.WHOLE
        stage.answered(self._last)

    def _has_recovered(self) -> bool:
        return self._last is Answered.WHOLE and self._lag.events() < _SMALL_LAG and self._environment.all_ready()

    def _query(self) -> bool:
        """Shows the timeline; whether it is partial."""
        viewer = self._feed.viewer
        request = GetInNetworkPostsRequest(user_id=viewer.user_id, following_user_ids=viewer.following)
        answer = self._client.ask(request, _SECONDS_TO_ANSWER)
        self._answered += 1
        self._screen.show(TimelineView(self._feed, answer, self._status(), time.time()))
        return answer.response.partial

    def _status(self) -> Status:
        with suppress(StoreUnavailable):
            self._stored_posts = self._stored.count(self._feeder.authors)
        return Status(self._feeder.sent, self._stored_posts, self._answered, self._lag.events())


class StoredPosts:
    """Counts posts in the store, exactly: a demo knows all of its authors, unlike the samples of ingest."""

    def __init__(self, redis_url: str) -> None:
        """Connects to a store with the default layout."""
        self._keys = KeySpace()
        self._client = StoreClient(redis_url, self._keys.buckets, _SECONDS_TO_ANSWER)

    def count(self, authors: Iterable[int]) -> int:
        """Posts, replies and reposts of these authors. Raises StoreUnavailable."""
        keys = map(self._keys.author, authors)
        replies = self._client.run([NodeCommand(key.bucket, pack((b"ZCARD", key.posts))) for key in keys])
        if failed := failures(replies):
            raise failed[0]
        return sum(replies)

    def close(self) -> None:
        """Closes the connection."""
        self._client.close()
