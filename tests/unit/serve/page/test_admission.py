import asyncio

import grpc

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from serve.page.admission import TimedResponse, TimelineAsker
from serve.rpc_errors import RpcFailure


class EndlessIntake:
    """Admits everybody and never answers."""

    def __init__(self) -> None:
        self.running: asyncio.Future[asyncio.Task[object]] = asyncio.get_running_loop().create_future()

    def admit(self) -> RpcFailure | None:
        return None

    async def run(self, payload: bytes, budget: float | None) -> RpcFailure:
        task = asyncio.current_task()
        assert task is not None
        self.running.set_result(task)
        return await asyncio.get_running_loop().create_future()


async def ask_while_serving_ends() -> TimedResponse | RpcFailure:
    intake = EndlessIntake()
    asker = TimelineAsker(intake, asyncio.get_running_loop(), budget=2.0)
    asking = asyncio.create_task(asker.ask(GetInNetworkPostsRequest(user_id=1)))
    (await intake.running).cancel()
    return await asking


def test_whoever_waits_for_an_answer_while_serving_ends_is_told() -> None:
    ended = asyncio.run(ask_while_serving_ends())

    assert isinstance(ended, RpcFailure)
    assert ended.code is grpc.StatusCode.UNAVAILABLE
