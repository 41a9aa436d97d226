"""A fed demo: events go in at one end, a viewer looks at the other."""

import time
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from common.errors import ThunderError
from common.lifecycle import Stop
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from thunder.client import PostsClient
from thunder.demo.environment import Environment
from thunder.demo.event_feed import Feed
from thunder.demo.feeder import Feeder
from thunder.demo.lag import Lag
from thunder.demo.screens.screen import Screen, Status, View, status_line
from thunder.demo.stored_posts import StoredPosts

_SECONDS_BETWEEN_FEEDINGS = 0.1
_SECONDS_BETWEEN_LOOKS = 1.0
_SECONDS_TO_ANSWER = 10.0
_PATIENCE_SECONDS = 60.0


class Stalled(ThunderError):
    """For a minute, nothing of what was sent has been stored."""


class Session:
    """A context manager: leaving it closes its connections. Its methods end early when stop is set."""

    def __init__(self, stage: Environment, feed: Feed, screen: Screen, stop: Stop) -> None:
        """On a stage whose roles are ready."""
        self._stage = stage
        self._feed = feed
        self._screen = screen
        self._stop = stop
        with ExitStack() as opening:
            self._lag = Lag(stage.addresses)
            opening.callback(self._lag.close)
            self._feeder = Feeder(feed, stage.addresses, self._lag)
            opening.callback(self._feeder.close)
            self._stored = StoredPosts(stage.addresses.redis)
            opening.callback(self._stored.close)
            self._client = opening.enter_context(PostsClient(stage.addresses.grpc))
            self._open = opening.pop_all()
        self._answered = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def begin(self) -> bool:
        """Feed what is due, wait until all of it is stored, and look. Returns False when stopped before.

        Raises ChildDied, Stalled, AskFailed.
        """
        now = time.time()
        before, changed_at = self._status(), time.monotonic()
        while not (self._feeder.feed_until(now) and self._lag.events() == 0):
            if self._stop.wait(_SECONDS_BETWEEN_FEEDINGS):
                return False
            self._stage.check()
            status = self._status()
            self._screen.wait(f"storing · {status_line(status)}")
            if status != before:
                before, changed_at = status, time.monotonic()
            elif time.monotonic() - changed_at > _PATIENCE_SECONDS:
                raise Stalled
        self._look()
        return True

    def go_on(self) -> None:
        """Feed and look until stopped. Raises ChildDied, AskFailed."""
        next_look_at = time.monotonic() + _SECONDS_BETWEEN_LOOKS
        while not self._stop.wait(_SECONDS_BETWEEN_FEEDINGS):
            self._stage.check()
            self._feeder.feed_until(time.time())
            if time.monotonic() >= next_look_at:
                next_look_at = time.monotonic() + _SECONDS_BETWEEN_LOOKS
                self._look()

    def _look(self) -> None:
        viewer = self._feed.viewer
        request = GetInNetworkPostsRequest(user_id=viewer.user_id, following_user_ids=viewer.following)
        answer = self._client.ask(request, _SECONDS_TO_ANSWER)
        self._answered += 1
        self._screen.show(View(self._feed, answer, self._status(), time.time()))

    def _status(self) -> Status:
        stored = self._stored.count(self._feeder.authors)
        return Status(self._feeder.fed, stored, self._answered, self._lag.events())
