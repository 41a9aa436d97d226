"""A Kafka topic in memory, and a consumer of it that passes the tests of the real one."""

from collections.abc import Collection, Mapping

from common.kafka.settings import OffsetReset
from ingest.assignment import Assignment, Changes
from ingest.catch_up_policy import Span
from ingest.message import Message
from ingest.start_offsets import StartPolicy, Watermarks


class MemoryTopic:
    """Messages by partition, and the commits of one group."""

    def __init__(self, partitions: int = 1) -> None:
        self.partitions: list[list[bytes | None]] = [[] for _ in range(partitions)]
        self.commits: dict[int, int] = {}

    def produce(self, *payloads: bytes | None, partition: int = 0) -> None:
        self.partitions[partition] += payloads

    def join(self, reset: OffsetReset = OffsetReset.SMALLEST) -> "MemorySource":
        return MemorySource(self, StartPolicy(reset))


class MemorySource:
    """The only member of the group. Its group moves at the next poll: rebalance() says how."""

    def __init__(self, topic: MemoryTopic, policy: StartPolicy) -> None:
        self._topic = topic
        self._policy = policy
        self._assignment = Assignment()
        self._next: dict[int, int] = {}
        self._coming: tuple[Collection[int], Collection[int]] | None = ((), range(len(topic.partitions)))
        self.paused = False
        self.closed = False

    def rebalance(self, lost: Collection[int] = (), gained: Collection[int] = ()) -> None:
        """What the group decides before the next message arrives."""
        self._coming = (lost, gained)

    def poll(self, wanted: int) -> list[Message]:
        self._rebalance()
        messages: list[Message] = []
        while not self.paused and len(messages) < wanted and (message := self._take()):
            messages.append(message)
        return messages

    def idle(self, seconds: float) -> None:
        self._rebalance()

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def take_changes(self) -> Changes:
        return self._assignment.take_changes()

    def ends(self, partitions: Collection[int]) -> dict[int, int]:
        return {partition: len(self._topic.partitions[partition]) for partition in partitions}

    def commit(self, offsets: Mapping[int, int]) -> None:
        self._topic.commits.update(offsets)

    @property
    def settled(self) -> bool:
        return self._assignment.settled

    def close(self) -> None:
        self.closed = True

    def _take(self) -> Message | None:
        for partition in sorted(self._assignment.owned):
            offset = self._next[partition]
            if offset < len(self._topic.partitions[partition]):
                self._next[partition] += 1
                return Message(partition, offset, self._topic.partitions[partition][offset])
        return None

    def _rebalance(self) -> None:
        if self._coming is None:
            return
        (lost, gained), self._coming = self._coming, None
        self._assignment.revoked(lost)
        ends = self.ends(gained)
        for partition, end in ends.items():
            start = self._policy.start(self._topic.commits.get(partition), Watermarks(0, end))
            self._topic.commits[partition] = self._next[partition] = start.offset
        self._assignment.assigned({partition: Span(self._next[partition], end) for partition, end in ends.items()}, ())
