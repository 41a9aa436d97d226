"""The use case GetInNetworkPosts, for every caller: admit, validate, complete the follows, read, record metrics.

Knows no gRPC: callers get an answer or an exception, and rpc_errors.py turns exceptions into statuses.
"""

import logging
import time
from typing import NamedTuple, Protocol

from google.protobuf.message import DecodeError

from common.errors import StoreUnavailable
from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from common.telemetry.tracing import span
from common.timing import Clock
from serve.adjustments import adjustments_field
from serve.blocked_authors import BlockedAuthors
from serve.deadline import Deadline
from serve.metrics import LookupStatus, Outcome, ServeMetrics
from serve.native import CommonRequest
from serve.overload.admission import Admission, Ticket, cost_of_read, estimated_cost
from serve.overload.scheduler import RequestScheduler, Scheduled
from serve.overload.slot import Slot, current_slot
from serve.query import Answer, Query
from serve.rejection import Rejected, Rejection
from serve.request import InvalidRequest, RequestLimits, TakenIds, take_followed, validate_request
from serve.rpc.request_log import RequestLog
from serve.timeline.read_core import DamagedReply
from serve.timeline.read_plan import entries_of_author, first_depth, plain_depth, wire_bytes

log = logging.getLogger("thunder.serve")


class TimelineReader(Protocol):
    """Reads timelines from a store of posts."""

    def common_request(self, payload: bytes, limits: RequestLimits) -> CommonRequest | None:
        """Decode a valid request of the common form; None for every other, which protobuf and validation judge."""
        ...

    async def read(self, query: Query | CommonRequest, now: int, deadline: Deadline) -> Answer:
        """Answer before the deadline, partially if necessary. now in Unix seconds. StoreUnavailable."""
        ...


class FollowStore(Protocol):
    """Reads follow lists."""

    async def following(self, viewer_id: int, limit: int, deadline: Deadline) -> list[int]:
        """Ids of the authors the viewer follows, newest follow first, limit at most.

        StoreUnavailable, at the deadline at the latest.
        """
        ...

    async def held(self, viewer_id: int, deadline: Deadline) -> int:
        """Number of authors the viewer follows. StoreUnavailable, at the deadline at the latest."""
        ...


class _Follows(NamedTuple):
    """Length of a list in the follow store, and what is taken of it."""

    held: int
    taken: TakenIds


class _Times:
    """Start of a request (monotonic seconds) and duration of its follow look-up."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.lookup_seconds = 0.0

    def elapsed(self) -> float:
        return time.monotonic() - self.began


class PostsService:
    """Answers requests from a store of posts and, when there is one, a store of follows. For one event loop."""

    def __init__(
        self,
        timelines: TimelineReader,
        follows: FollowStore | None,
        limits: RequestLimits,
        admission: Admission,
        scheduler: RequestScheduler,
        metrics: ServeMetrics,
        clock: Clock,
        blocked: BlockedAuthors,
    ) -> None:
        self._timelines = timelines
        self._follows = follows
        self._limits = limits
        self._admission = admission
        self._scheduler = scheduler
        self._metrics = metrics
        self._clock = clock
        self._blocked = blocked
        self._log = RequestLog(limits.list_size)

    def open_call(self, caller: str) -> Rejection | None:
        """Accept a call whose request is read next, until close_call(), or return why it is rejected unread.

        caller: the identity or the connection that has a fair share of the capacity.
        """
        self._scheduler.call_arrived()
        rejection = self._admission.open_call(caller, time.monotonic(), self._scheduler.expected_delay(caller))
        if rejection:
            self._rejected(rejection)
        return rejection

    def close_call(self, caller: str) -> None:
        """Note that the request of an accepted call was read, or will not come."""
        self._admission.close_call(caller)

    def admit(self, caller: str, payload_bytes: int) -> Ticket | Rejection:
        """Admit a request, which run() must follow with this ticket, or return why it is rejected."""
        cost, delay = estimated_cost(payload_bytes), self._scheduler.expected_delay(caller)
        admitted = self._admission.admit(caller, cost, time.monotonic(), delay)
        if isinstance(admitted, Rejection):
            self._rejected(admitted)
        return admitted

    def refuse_invalid(self) -> None:
        """Count a request that is refused undecoded."""
        self._metrics.request_refused_unread()

    def hold_answer(self, caller: str, size: int) -> None:
        """Count an answer of this many bytes that the caller has not taken, until drop_answer()."""
        self._admission.hold_answer(caller, size)

    def drop_answer(self, caller: str, size: int) -> None:
        """End the count of an answer that was sent, or will not be."""
        self._admission.drop_answer(caller, size)

    def _rejected(self, rejection: Rejection) -> None:
        self._scheduler.call_rejected()
        self._metrics.request_rejected(rejection.reason)

    async def run(self, payload: bytes, ticket: Ticket, deadline: Deadline) -> Answer:
        """Answer an admitted request, given as it was sent: decoding waits until here, so a rejection stays cheap.

        InvalidRequest, StoreUnavailable, Rejected; any other exception is a defect, which is logged here.
        """
        times, outcome, slot = _Times(), Outcome.CANCELLED, Slot(self._admission, ticket)
        current_slot.set(slot)
        try:
            work = self._answer(payload, ticket, deadline, times)
            answer = await Scheduled(work, self._scheduler, ticket.caller)
            outcome = Outcome.PARTIAL if answer.partial else Outcome.OK
            return answer
        except InvalidRequest:
            outcome = Outcome.INVALID
            raise
        except Rejected as rejected:
            outcome = Outcome.REFUSED
            self._metrics.rejected_because(rejected.rejection.reason)
            raise
        except StoreUnavailable as unavailable:
            outcome = Outcome.UNAVAILABLE
            if isinstance(unavailable, DamagedReply):
                self._log.damaged(unavailable)
            log.debug("Request failed, the store is unavailable: %s", unavailable)
            raise
        except Exception:
            outcome = Outcome.INTERNAL
            log.exception("Request failed with an internal error")
            raise
        finally:
            slot.end()
            self._metrics.request_finished(outcome, times.elapsed(), times.lookup_seconds)

    async def _answer(self, payload: bytes, ticket: Ticket, deadline: Deadline, times: _Times) -> Answer:
        common = None if self._blocked.current() else self._timelines.common_request(payload, self._limits)
        if common is None:
            return await self._answer_any(payload, ticket, deadline, times)
        self._metrics.request_validated(common.followed, common.excluding, common.max_results, {})
        most = entries_of_author(self._limits.caps, common.video)
        self._reassess(ticket, common.authors * plain_depth(common.authors, common.max_results, most))
        return await self._read(common, self._clock(), deadline)

    async def _answer_any(self, payload: bytes, ticket: Ticket, deadline: Deadline, times: _Times) -> Answer:
        request = _decode(payload)
        self._log.received(request)
        query, adjustments = validate_request(request, self._limits)
        followed, now = len(request.following_user_ids), self._clock()
        if self._follows and query.viewer_id and not query.following:
            found = await self._look_up(self._follows, request, deadline, times)
            followed, now = found.held, self._clock()
            query = query._replace(following=tuple(found.taken.ids))
            adjustments |= found.taken.adjustments
        query = query._replace(blocked_authors=self._blocked.current())
        self._metrics.request_validated(followed, len(request.exclude_tweet_ids), query.max_results, adjustments)
        self._log.adjusted(request, adjustments)
        self._reassess(ticket, len(query.following) * first_depth(query, now))
        answer = await self._read(query, now, deadline)
        self._log.answered(request, answer.scored.posts)
        return answer._replace(body=answer.body + adjustments_field(adjustments)) if adjustments else answer

    def _reassess(self, ticket: Ticket, entries: int) -> None:
        """Admit a read that begins with these entries of lists. Rejected."""
        if rejection := self._admission.reassess(ticket, cost_of_read(entries, wire_bytes(entries))):
            raise Rejected(rejection)

    async def _look_up(
        self, follows: FollowStore, request: GetInNetworkPostsRequest, deadline: Deadline, times: _Times
    ) -> _Follows:
        self._log.looking_up(request)
        limit = self._limits.list_size
        status, began = LookupStatus.ERROR, time.monotonic()
        try:
            with span("follows"):
                found = await follows.following(request.user_id, limit, deadline)
                held = await follows.held(request.user_id, deadline) if len(found) == limit else len(found)
            status = LookupStatus.SUCCESS
        finally:
            times.lookup_seconds = time.monotonic() - began
            self._metrics.lookup_finished(status, times.lookup_seconds)
        self._log.looked_up(request, len(found))
        return _Follows(max(held, len(found)), take_followed(found, limit, held))

    async def _read(self, query: Query | CommonRequest, now: int, deadline: Deadline) -> Answer:
        self._metrics.read_started()
        try:
            answer = await self._timelines.read(query, now, deadline)
        finally:
            if deadline.has_expired(time.monotonic()):
                self._metrics.read_timed_out()
        self._metrics.read_finished(answer, now)
        return answer


def _decode(payload: bytes) -> GetInNetworkPostsRequest:
    try:
        return GetInNetworkPostsRequest.FromString(payload)
    except DecodeError as error:
        raise InvalidRequest("", "the request is not a GetInNetworkPostsRequest") from error
