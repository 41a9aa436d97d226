"""Readers ask servers all the time and note every answer."""

import random
import threading
import time
from array import array
from collections.abc import Sequence
from typing import NamedTuple, Protocol, cast

import grpc

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse
from tests.chaos.losses.load import authors_of, follow_id
from tests.support.serving.rpc import METHOD

_MOST_RESULTS = 12_000


class Answer(NamedTuple):
    """Of one call. ids: things that it shows. status: name of the code. Times are monotonic."""

    server: int
    panel: int
    began: float
    ended: float
    status: str
    partial: bool
    ids: Sequence[int]

    @property
    def is_whole(self) -> bool:
        """Whether it says of itself that it is complete."""
        return self.status == "OK" and not self.partial


class Question(Protocol):
    """What is asked for a panel, and which things an answer shows."""

    def request(self, panel: int) -> GetInNetworkPostsRequest: ...
    def ids(self, panel: int, answer: GetInNetworkPostsResponse) -> Sequence[int]: ...


class PostsOfAuthors:
    """A panel is a share of the authors, and things are their posts."""

    def request(self, panel: int) -> GetInNetworkPostsRequest:
        return GetInNetworkPostsRequest(following_user_ids=authors_of(panel), max_results=_MOST_RESULTS)

    def ids(self, panel: int, answer: GetInNetworkPostsResponse) -> Sequence[int]:
        return array("q", [post.post_id for post in answer.posts])


class AuthorsOfViewer:
    """A panel is a viewer whose follows are in the store, and things are the follows; every author has a post."""

    def request(self, panel: int) -> GetInNetworkPostsRequest:
        return GetInNetworkPostsRequest(user_id=panel, max_results=_MOST_RESULTS)

    def ids(self, panel: int, answer: GetInNetworkPostsResponse) -> Sequence[int]:
        return array("q", sorted({follow_id(panel, post.author_id) for post in answer.posts}))


class Reader:
    """Asks one server for one panel after the other, in a thread of its own, `interval` seconds apart."""

    def __init__(
        self, number: int, address: str, question: Question, panels: Sequence[int], interval: float = 0.05
    ) -> None:
        self.answers: list[Answer] = []
        self._number = number
        self._question = question
        self._panels = list(panels)
        self._interval = interval
        self._random = random.Random(number)
        reconnect = [("grpc.max_reconnect_backoff_ms", 300), ("grpc.initial_reconnect_backoff_ms", 100)]
        self._channel = grpc.insecure_channel(address, reconnect)
        self._call = self._channel.unary_unary(
            METHOD,
            request_serializer=GetInNetworkPostsRequest.SerializeToString,
            response_deserializer=GetInNetworkPostsResponse.FromString,
        )
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(30)

    def close(self) -> None:
        self.stop()
        self._channel.close()

    def ask(self, panel: int, timeout: float = 5.0) -> Answer:
        """Ask once, and note the answer."""
        began = time.monotonic()
        partial, ids, status = False, cast("Sequence[int]", ()), "OK"
        try:
            answer = self._call(self._question.request(panel), timeout=timeout)
        except grpc.RpcError as error:
            status = cast("grpc.Call", error).code().name
        else:
            partial, ids = answer.partial, self._question.ids(panel, answer)
        noted = Answer(self._number, panel, began, time.monotonic(), status, partial, ids)
        self.answers.append(noted)
        return noted

    def ask_all(self) -> list[Answer]:
        """Ask for every panel once. Not while it runs."""
        return [self.ask(panel) for panel in self._panels]

    def _run(self) -> None:
        while not self._ended.is_set():
            self._random.shuffle(self._panels)
            for panel in self._panels:
                if self._ended.wait(self._interval):
                    return
                self.ask(panel)
