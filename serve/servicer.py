"""The rpc GetInNetworkPosts: bytes in, bytes out, and every way a call can end."""

import asyncio
import logging
import time

import grpc
from google.protobuf.message import DecodeError

from common.errors import StoreUnavailable
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from serve.admission import Admission
from serve.answering import Answering, Stopwatch
from serve.deadline import time_to_read
from serve.metrics import Outcome, ServeMetrics
from serve.query import Answer
from serve.request import InvalidRequest
from serve.statuses import INTERNAL, STORE_UNAVAILABLE, RpcFailure, invalid_argument, refused
from serve.work_lane import InTurns, WorkLane

log = logging.getLogger("thunder.serve")

Context = grpc.aio.ServicerContext[bytes, bytes]


class InNetworkPostsServicer:
    """Admits or refuses a call, and ends it with an answer or a status. Nothing of the cause reaches the caller."""

    def __init__(
        self,
        answering: Answering,
        admission: Admission,
        lane: WorkLane,
        metrics: ServeMetrics,
        request_timeout: float | None,
    ) -> None:
        self._answering = answering
        self._admission = admission
        self._lane = lane
        self._metrics = metrics
        self._request_timeout = request_timeout
        self._calls: set[asyncio.Task[None]] = set()

    @property
    def calls(self) -> frozenset[asyncio.Task[None]]:
        """The admitted calls that have not ended yet: a task ends when the caller has been answered."""
        return frozenset(self._calls)

    async def get_in_network_posts(self, payload: bytes, context: Context) -> bytes:
        """Serialised request to serialised response: it is decoded after admission, so that a refusal stays cheap."""
        self._lane.arrived()
        refusal = self._admission.admit(time.monotonic(), self._lane.delay())
        if refusal:
            self._lane.refused()
            self._metrics.refused()
            await context.abort(*refused(refusal))
        self._remember_call()
        try:
            ended = await self._end(payload, Stopwatch(time_to_read(self._request_timeout, context.time_remaining())))
        finally:
            self._admission.release()
        if isinstance(ended, RpcFailure):
            await context.abort(*ended)
        if _asks_for_gzip(context):
            context.set_compression(grpc.Compression.Gzip)
            # An answer is compressed only when the initial metadata that says so went out before it.
            await context.send_initial_metadata(())
        return ended.body

    def _remember_call(self) -> None:
        call = asyncio.current_task()
        if call is not None:
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)

    async def _end(self, payload: bytes, stopwatch: Stopwatch) -> Answer | RpcFailure:
        outcome = Outcome.CANCELLED
        try:
            answer = await InTurns(self._answer(payload, stopwatch), self._lane)
            outcome = Outcome.PARTIAL if answer.partial else Outcome.OK
            return answer
        except InvalidRequest as invalid:
            outcome = Outcome.INVALID
            return invalid_argument(invalid)
        except StoreUnavailable as unavailable:
            outcome = Outcome.UNAVAILABLE
            log.debug("No answer: %s", unavailable)
            return STORE_UNAVAILABLE
        except Exception:
            outcome = Outcome.INTERNAL
            log.exception("A request failed")
            return INTERNAL
        finally:
            self._metrics.finished(outcome, stopwatch.elapsed(), stopwatch.looking_up)

    async def _answer(self, payload: bytes, stopwatch: Stopwatch) -> Answer:
        return await self._answering.answer(_decode(payload), stopwatch)


def _decode(payload: bytes) -> GetInNetworkPostsRequest:
    try:
        return GetInNetworkPostsRequest.FromString(payload)
    except DecodeError as error:
        raise InvalidRequest("", "the request is not a GetInNetworkPostsRequest") from error


def _asks_for_gzip(context: Context) -> bool:
    # gRPC's own grpc-accept-encoding is sent by every client and says only what it could read.
    metadata = context.invocation_metadata() or ()
    return any(key == "accept-encoding" and "gzip" in str(value) for key, value in metadata)
