import asyncio

import grpc

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from serve.deadline import Deadline
from serve.overload.admission import Cost, Ticket
from serve.page.timeline_client import TimedResponse, TimelineClient
from serve.query import Answer
from serve.rejection import Rejection
from serve.rpc_errors import RpcFailure


class EndlessService:
    """Admits every request and never answers."""

    def __init__(self) -> None:
        self.running: asyncio.Future[asyncio.Task[object]] = asyncio.get_running_loop().create_future()

    def admit(self, caller: str, payload_bytes: int) -> Ticket | Rejection:
        del payload_bytes
        return Ticket(caller, Cost())

    async def run(self, payload: bytes, ticket: Ticket, deadline: Deadline) -> Answer:
        task = asyncio.current_task()
        assert task is not None
        self.running.set_result(task)
        return await asyncio.get_running_loop().create_future()


async def request_while_serving_ends() -> TimedResponse | RpcFailure:
    service = EndlessService()
    client = TimelineClient(service, asyncio.get_running_loop(), timeout=2.0)
    requesting = asyncio.create_task(client.request_timeline(GetInNetworkPostsRequest(user_id=1)))
    (await service.running).cancel()
    return await requesting


def test_a_request_fails_when_serving_ends_meanwhile() -> None:
    ended = asyncio.run(request_while_serving_ends())

    assert isinstance(ended, RpcFailure)
    assert ended.code is grpc.StatusCode.UNAVAILABLE
