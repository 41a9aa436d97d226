"""F17: servers are replaced one after the other, and clients that retry see nothing of it."""

import time
from collections.abc import Generator

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from tests.acceptance.shipped_client import load_on
from tests.chaos.fault import fault
from tests.chaos.run import Run
from tests.support.wait import eventually

_ENOUGH_CALLS = 100
"""Calls that each server has answered before one is replaced: only then its clients have found it."""


@fault("F17", "servers-replaced", "a rolling restart of the servers: clients that retry see no failure", hold=(0, 0))
def servers_replaced(run: Run) -> Generator[None, None, str]:
    servers = run.stage.servers
    request = GetInNetworkPostsRequest(following_user_ids=run.load.world.authors[:20])
    target = f"ipv4:{','.join(run.stage.addresses)}"
    codes: list[int] = []
    with load_on(target, request) as calls:
        for number in range(len(servers)):
            _wait_for_calls(run, number)
        for number, server in enumerate(servers):
            codes.append(server.terminate())
            servers[number] = run.stage.start_server(number)
            servers[number].wait_until_ready()
            _wait_for_calls(run, number)
    yield
    assert calls.failed == {}, f"calls that failed: {calls.failed}"
    assert codes == [0] * len(servers), f"exit codes {codes}"
    return f"{len(codes)} servers replaced, {calls.ended['OK']} calls answered, none failed"


def _wait_for_calls(run: Run, number: int) -> None:
    """Until the server of that place has answered enough calls from now on, besides those of the run's readers."""
    address, since = run.stage.addresses[number], time.monotonic()

    def count() -> float:
        return run.stage.servers[number].metrics().value("get_in_network_posts_count_count")

    before = count()

    def found() -> bool:
        answered = count() - before
        of_readers = sum(each.server == address and each.ended >= since for each in [*run.history.answers])
        return answered - of_readers >= _ENOUGH_CALLS

    eventually(found, f"{_ENOUGH_CALLS} calls of {address}", 90, interval=0.2)
