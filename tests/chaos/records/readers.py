"""Asks the servers again and again, and records every answer."""

import random
import threading
import time
from typing import cast

import grpc

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse
from tests.chaos.records.history import Answer, History, packed
from tests.chaos.records.world import World
from tests.support.serving.rpc import METHOD

LIMITS = (0.5, 2.0, 10.0)
"""Deadlines of the requests in seconds."""
MOST_RESULTS = 12_000
_CHANNEL_OPTIONS = [
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
    ("grpc.use_local_subchannel_pool", 1),
]


class Reader:
    """A thread that asks one server."""

    def __init__(self, address: str, world: World, history: History, drawn: random.Random, per_second: float) -> None:
        self._address = address
        self._world = world
        self._history = history
        self._random = drawn
        self._pause = 1 / per_second
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"reader of {address}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return when its last answer is recorded."""
        self._stop.set()
        self._thread.join(2 * max(LIMITS))

    def _run(self) -> None:
        with grpc.insecure_channel(self._address, _CHANNEL_OPTIONS) as channel:
            asking = Asking(channel, self._address)
            while not self._stop.wait(self._pause * (0.5 + self._random.random())):
                prolific = self._random.random() < 0.05
                authors = tuple(self._world.prolific) if prolific else self._world.authors_to_ask(self._random)
                self._history.answers.append(asking.ask(authors, self._random.choice(LIMITS), cut=prolific))


class Asking:
    """Asks over one channel, and notes the moments."""

    def __init__(self, channel: grpc.Channel, address: str) -> None:
        encode, decode = GetInNetworkPostsRequest.SerializeToString, GetInNetworkPostsResponse.FromString
        self._call = channel.unary_unary(METHOD, encode, decode)
        self._address = address

    def ask(self, authors: tuple[int, ...], limit: float, *, cut: bool = False) -> Answer:
        request = GetInNetworkPostsRequest(following_user_ids=authors, max_results=MOST_RESULTS)
        started = time.monotonic()
        try:
            response = self._call(request, timeout=limit)
        except grpc.RpcError as error:
            code = cast("grpc.Call", error).code().name
            return Answer(self._address, authors, (), started, time.monotonic(), code, limit=limit, cut=cut)
        ended = time.monotonic()
        ids = packed([post.post_id for post in response.posts])
        return Answer(self._address, authors, ids, started, ended, partial=response.partial, limit=limit, cut=cut)
