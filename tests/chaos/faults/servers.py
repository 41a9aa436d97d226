"""F17: servers are replaced one after the other, and clients that retry see nothing of it."""

from collections.abc import Generator

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from tests.acceptance.shipped_client import load_on
from tests.chaos.fault import fault
from tests.chaos.run import Run
from tests.support.wait import eventually

_ENOUGH_CALLS = 200


@fault("F17", "servers-replaced", "a rolling restart of the servers: clients that retry see no failure", hold=(0, 0))
def servers_replaced(run: Run) -> Generator[None, None, str]:
    servers = run.stage.servers
    request = GetInNetworkPostsRequest(following_user_ids=run.load.world.authors[:20])
    target = f"ipv4:{','.join(run.stage.addresses)}"
    codes: list[int] = []
    with load_on(target, request) as calls:
        for number, server in enumerate(servers):
            enough = calls.ended["OK"] + _ENOUGH_CALLS
            eventually(lambda enough=enough: calls.ended["OK"] >= enough, f"{_ENOUGH_CALLS} answers", 60)
            codes.append(server.terminate())
            servers[number] = run.stage.start_server(number)
            servers[number].wait_until_ready()
    yield
    assert calls.failed == {}, f"calls that failed: {calls.failed}"
    assert codes == [0] * len(servers), f"exit codes {codes}"
    return f"{len(codes)} servers replaced, {calls.ended['OK']} calls answered, none failed"
