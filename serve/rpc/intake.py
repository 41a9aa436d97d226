"""Where requests come in, whoever asks: each is admitted or refused, and ends with an answer or a failure."""

import logging
import time

from google.protobuf.message import DecodeError

from common.errors import StoreUnavailable
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from serve.metrics import Outcome, ServeMetrics
from serve.overload.admission import Admission
from serve.overload.scheduler import RequestScheduler, Scheduled
from serve.query import Answer
from serve.rpc.posts_service import Answering, Stopwatch
from serve.rpc.request import InvalidRequest
from serve.rpc_errors import INTERNAL, STORE_UNAVAILABLE, RpcFailure, invalid_argument, resource_exhausted

log = logging.getLogger("thunder.serve")


class RequestIntake:
    """For one event loop. Nothing of the cause of a failure reaches the caller."""

    def __init__(
        self, answering: Answering, admission: Admission, lane: RequestScheduler, metrics: ServeMetrics
    ) -> None:
        self._answering = answering
        self._admission = admission
        self._lane = lane
        self._metrics = metrics

    def admit(self) -> RpcFailure | None:
        """A request has arrived: why it is refused; None when it is admitted, and then run() must follow."""
        self._lane.arrived()
        refusal = self._admission.admit(time.monotonic(), self._lane.delay())
        if refusal is None:
            return None
        self._lane.refused()
        self._metrics.refused()
        return resource_exhausted(refusal)

    async def run(self, payload: bytes, budget: float | None) -> Answer | RpcFailure:
        """How a serialised request that was admitted ends, within budget seconds (None = no limit).

        It is decoded only here, so that a refusal stays cheap.
        """
        try:
            return await self._end(payload, Stopwatch(budget))
        finally:
            self._admission.release()

    async def _end(self, payload: bytes, stopwatch: Stopwatch) -> Answer | RpcFailure:
        outcome = Outcome.CANCELLED
        try:
            answer = await Scheduled(self._answer(payload, stopwatch), self._lane)
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
