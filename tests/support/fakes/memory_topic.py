"""A Kafka topic in memory, and a consumer of it that passes the tests of the real one."""

import time
from collections.abc import Collection, Mapping

from common.settings.kafka import OffsetReset
from ingest.batch import Gather, Message, no_gathering
from ingest.kafka.assignment import Assignment, AssignmentChanges
from ingest.kafka.catch_up import OffsetRange
from ingest.kafka.start_position import Commit, StartPolicy, Watermarks


class MemoryTopic:
    """Messages by partition, and the commits of one group, each with the lineage it was made for.

    lineage_now is that of the store that the group fills; all messages are young enough to be needed by a new one.
    """

    def __init__(self, partitions: int = 1) -> None:
        self.partitions: list[list[Message]] = [[] for _ in range(partitions)]
        self.commits: dict[int, int] = {}
        self.lineages: dict[int, str] = {}
        self.lineage_now = ""
        self.markers: set[tuple[int, int]] = set()

    def write_marker(self, partition: int = 0) -> None:
        """End a transaction: a record that is never delivered."""
        messages = self.partitions[partition]
        self.markers.add((partition, len(messages)))
        messages.append(Message(partition, len(messages), None))

    def produce(self, *payloads: bytes | None, partition: int = 0) -> None:
        messages = self.partitions[partition]
        for payload in payloads:
            messages.append(Message(partition, len(messages), payload, int(time.time() * 1000)))

    def join(self, reset: OffsetReset = OffsetReset.SMALLEST) -> "MemoryConsumer":
        return MemoryConsumer(self, StartPolicy(reset))


class MemoryConsumer:
    """The only member of the group. Its group moves at the next poll: rebalance() says how."""

    def __init__(self, topic: MemoryTopic, policy: StartPolicy) -> None:
        self._topic = topic
        self._policy = policy
        self._assignment = Assignment()
        self._next: dict[int, int] = {}
        self.lineage = topic.lineage_now
        self._coming: tuple[Collection[int], Collection[int]] | None = ((), range(len(topic.partitions)))
        self.paused = False
        self.closed = False

    def rebalance(self, lost: Collection[int] = (), gained: Collection[int] = ()) -> None:
        """Decision of the group before the next message arrives."""
        self._coming = (lost, gained)

    def poll(self, wanted: int, gather: Gather = no_gathering) -> list[Message]:
        if self.lineage != self._topic.lineage_now:
            self.lineage = self._topic.lineage_now
            self._move(self._assignment.owned, self._assignment.owned, self._policy._replace(rebuild=True))
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

    def replay(self, offsets: Mapping[int, int]) -> None:
        for partition in self._assignment.owned & offsets.keys():
            self._move([partition], [partition], self._policy.replaying(offsets[partition]))

    def take_changes(self) -> AssignmentChanges:
        return self._assignment.take_changes()

    def ends(self, partitions: Collection[int]) -> dict[int, int]:
        return {partition: len(self._topic.partitions[partition]) for partition in partitions}

    def passed(self) -> dict[int, int]:
        return {
            partition: self._next[partition]
            for partition, end in self.ends(self._assignment.owned).items()
            if self._next[partition] == end
        }

    def commit(self, offsets: Mapping[int, int]) -> None:
        self._topic.commits.update(offsets)
        self._topic.lineages.update(dict.fromkeys(offsets, self.lineage))

    @property
    def start_offsets_committed(self) -> bool:
        return self._assignment.start_offsets_committed

    def close(self) -> None:
        self.closed = True

    def _take(self) -> Message | None:
        for partition in sorted(self._assignment.owned):
            messages = self._topic.partitions[partition]
            while self._next[partition] < len(messages):
                self._next[partition] += 1
                message = messages[self._next[partition] - 1]
                if (partition, message.offset) not in self._topic.markers:
                    return message
        return None

    def _rebalance(self) -> None:
        if self._coming is None:
            return
        (lost, gained), self._coming = self._coming, None
        self._move(lost, gained, self._policy)

    def _move(self, lost: Collection[int], gained: Collection[int], policy: StartPolicy) -> None:
        self._assignment.revoked(lost)
        ends = self.ends(gained)
        for partition, end in ends.items():
            start = policy.start(self._commit(partition), Watermarks(0, end), self.lineage)
            self._next[partition] = start.offset if start else 0
        self.commit({partition: self._next[partition] for partition in ends})
        self._assignment.assigned(gained)
        self._assignment.started(
            {
                partition: OffsetRange(self._next[partition], end, is_replay=policy.replay_from is not None)
                for partition, end in ends.items()
            },
            (),
        )

    def _commit(self, partition: int) -> Commit | None:
        offset = self._topic.commits.get(partition)
        return None if offset is None else Commit(offset, self._topic.lineages.get(partition, ""))
