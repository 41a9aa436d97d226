"""Looks up in Kafka the start offsets of assigned partitions, in a thread beside the polls: brokers may be away.

It has a client of its own: calls of one client wait for each other.
"""

from collections.abc import Collection, Mapping
from contextlib import ExitStack
from threading import Thread
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from common.kafka.configuration import Configuration
from common.kafka.errors import error_of
from ingest.kafka.catch_up import OffsetRange
from ingest.kafka.start_position import Commit, LineageSource, StartOffset, StartPolicy, Watermarks

_REQUEST_SECONDS = 10.0
_IMPATIENT_SECONDS = 1.0
"""Longest wait for an answer about one partition: the second one, once a broker did not answer about another."""

_FIRST_PARTITION = 0
"""The member that reads it starts a new group with `largest`: it commits the ends of all partitions at once.

So a start that a member has begun to read from is never overwritten with a later one. The others wait for that commit.
From then on a partition without a commit is one that was added later.
"""


class PartitionStart(NamedTuple):
    """The offset to read first and the end of a partition, and whether the group has committed that offset."""

    offset_range: OffsetRange
    has_commit: bool


class StartRequest(NamedTuple):
    """Assigned partitions, each with the policy for its start and the number of its assignment.

    lineage: that commits must be made for. topic_id: empty where it is not known.
    """

    policies: Mapping[int, StartPolicy]
    assignments: Mapping[int, int]
    lineage: str
    topic_id: str = ""


class StartAnswer(NamedTuple):
    """Starts that were found. failure: why others were not; None where there is none, or another member comes first.

    group_start: ends of all partitions of the topic, to be committed at once, where the group is new.
    """

    request: StartRequest
    found: Mapping[int, PartitionStart]
    group_start: Mapping[int, int]
    failure: KafkaError | None = None
    crash: BaseException | None = None


class StartLookup:
    """Looks up one request at a time. Calls belong to one thread; none blocks."""

    def __init__(self, configuration: Configuration, topic: str, source: LineageSource) -> None:
        """source: says from when messages are needed where no commit holds, and which topics they were made for."""
        self._configuration = configuration
        self._topic = topic
        self._source = source
        self._thread: Thread | None = None
        self._answer: StartAnswer | None = None

    @property
    def running(self) -> bool:
        """Whether a request is under way, or its answer was not taken."""
        return self._thread is not None

    def begin(self, request: StartRequest) -> None:
        """Look up one attempt; not while one is running."""
        self._thread = Thread(target=self._run, args=(request,), name="start-lookup", daemon=True)
        self._thread.start()

    def take(self) -> StartAnswer | None:
        """The answer, once."""
        if self._thread is None or (self._answer is None and self._thread.is_alive()):
            return None
        self._thread = None
        answer, self._answer = self._answer, None
        return answer

    def _run(self, request: StartRequest) -> None:
        with ExitStack() as ends:
            try:
                client = Consumer(self._configuration)
                ends.callback(client.close)  # takes a while, for which the answer does not wait
                self._answer = _Attempt(client, self._topic, self._source, request).answer()
            except KafkaException as error:
                self._answer = StartAnswer(request, {}, {}, error_of(error))
            except BaseException as error:  # noqa: BLE001 - any error: the thread that polls raises it
                self._answer = StartAnswer(request, {}, {}, crash=error)


class _Attempt:
    """One look-up of the starts of a request. KafkaException where none is found."""

    def __init__(self, client: Consumer, topic: str, source: LineageSource, request: StartRequest) -> None:
        self._client = client
        self._topic = topic
        self._since = source.since
        self._is_of_former_topic = source.is_of_former_topic
        self._request = request
        self._timeout = _REQUEST_SECONDS

    def answer(self) -> StartAnswer:
        """The start of each partition that has one, and the first error about one of the others."""
        policies, lineage = self._policies(), self._request.lineage
        commits = self._commits([number for number, policy in policies.items() if policy.needs_commit])
        dependent = [number for number, each in policies.items() if each.depends_on_group(commits.get(number), lineage)]
        group_has_started = not dependent or self._group_has_started()
        group_start: Mapping[int, int] = {}
        if not group_has_started and _FIRST_PARTITION in policies:
            group_start = {number: self._watermarks(number).high for number in self._partitions()}
        found: dict[int, PartitionStart] = {}
        failure = None
        for number, policy in policies.items():
            if number in dependent and not group_has_started:
                if number in group_start:
                    end = group_start[number]
                    found[number] = PartitionStart(self._range(end, end), has_commit=False)
                continue
            try:
                found[number] = self._start(number, commits.get(number), policy.in_started_group)
            except KafkaException as error:
                failure = failure or error_of(error)
                self._timeout = _IMPATIENT_SECONDS
        return StartAnswer(self._request, found, group_start, failure)

    def _policies(self) -> Mapping[int, StartPolicy]:
        topic_id = self._request.topic_id
        return {
            number: policy.in_new_topic if self._is_of_former_topic(number, topic_id) else policy
            for number, policy in self._request.policies.items()
        }

    def _group_has_started(self) -> bool:
        """Whether it has commits of any partition, or had them before Kafka deleted them with the former topic."""
        partitions, topic_id = self._partitions(), self._request.topic_id
        had_commits = any(self._is_of_former_topic(number, topic_id) for number in partitions)
        return had_commits or any(self._commits(partitions).values())

    def _partitions(self) -> range:
        """All partitions of the topic. Those that are assigned exist, though the broker may not know them yet."""
        listed = self._client.list_topics(self._topic, timeout=self._timeout).topics[self._topic].partitions
        return range(max((*listed, *self._request.policies)) + 1)

    def _commits(self, partitions: Collection[int]) -> dict[int, Commit | None]:
        if not partitions:
            return {}
        asked = [TopicPartition(self._topic, partition) for partition in partitions]
        answers = self._client.committed(asked, timeout=self._timeout)
        _raise_errors(answers)
        return {answer.partition: _commit(answer) for answer in answers}

    def _start(self, partition: int, commit: Commit | None, policy: StartPolicy) -> PartitionStart:
        watermarks = self._watermarks(partition)
        start = policy.start(commit, watermarks, self._request.lineage) or self._by_time(partition, watermarks)
        offset_range = self._range(start.offset, watermarks.high, is_replay=policy.replay_from is not None)
        return PartitionStart(offset_range, start.has_commit)

    def _range(self, start: int, end: int, *, is_replay: bool = False) -> OffsetRange:
        return OffsetRange(start, end, is_replay, self._request.topic_id)

    def _watermarks(self, partition: int) -> Watermarks:
        """Up to the last stable offset: what is in an open transaction cannot be read."""
        asked = TopicPartition(self._topic, partition)
        return Watermarks(*self._client.get_watermark_offsets(asked, timeout=self._timeout))

    def _by_time(self, partition: int, watermarks: Watermarks) -> StartOffset:
        """Offset of the first message since the time from which the store needs them."""
        asked = TopicPartition(self._topic, partition, self._since() * 1000)
        found = self._client.offsets_for_times([asked], timeout=self._timeout)
        _raise_errors(found)
        return StartOffset(found[0].offset if found[0].offset >= 0 else watermarks.high, has_commit=False)


def _raise_errors(answers: Collection[TopicPartition]) -> None:
    for answer in answers:
        if answer.error is not None:
            raise KafkaException(answer.error)


def _commit(committed: TopicPartition) -> Commit | None:
    return Commit(committed.offset, committed.metadata or "") if committed.offset >= 0 else None
