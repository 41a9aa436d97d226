"""A Python program that calls servers as the examples do, with the service config that ships."""

import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import grpc

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest, GetInNetworkPostsResponse
from tests.support.serving.rpc import METHOD

SERVICE_CONFIG = Path(__file__).parents[2] / "clients" / "service_config.json"
_CALLERS = 4
_DEADLINE_SECONDS = 10


class Calls:
    """Numbers of calls of a load by status code, OK included."""

    def __init__(self) -> None:
        self.ended: Counter[str] = Counter()
        self.stop = threading.Event()

    @property
    def failed(self) -> dict[str, int]:
        return {code: count for code, count in self.ended.items() if code != "OK"}


@contextmanager
def load_on(target: str, request: GetInNetworkPostsRequest) -> Generator[Calls]:
    """Four callers that ask again and again over one channel, until the block ends."""
    calls = Calls()
    options = [
        ("grpc.service_config", SERVICE_CONFIG.read_text()),
        ("grpc.dns_min_time_between_resolutions_ms", 5_000),
        ("grpc.max_reconnect_backoff_ms", 5_000),
    ]
    with grpc.insecure_channel(target, options) as channel:
        callers = [threading.Thread(target=_ask_on, args=(channel, request, calls)) for _ in range(_CALLERS)]
        for caller in callers:
            caller.start()
        try:
            yield calls
        finally:
            calls.stop.set()
            for caller in callers:
                caller.join(2 * _DEADLINE_SECONDS)


def _ask_on(channel: grpc.Channel, request: GetInNetworkPostsRequest, calls: Calls) -> None:
    ask = channel.unary_unary(METHOD, GetInNetworkPostsRequest.SerializeToString, GetInNetworkPostsResponse.FromString)
    while not calls.stop.is_set():
        try:
            ask(request, timeout=_DEADLINE_SECONDS)
            calls.ended["OK"] += 1
        except grpc.RpcError as error:
            calls.ended[f"{error.code().name}: {error.details()}"] += 1
