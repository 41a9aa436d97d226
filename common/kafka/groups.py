"""Consumer groups as the brokers know them: members, commits and their metadata; moves the commits of an idle group.

The admin client's own types and exceptions stop here.
"""

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Future
from typing import Any, NamedTuple, cast

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from common.errors import KafkaRefused, KafkaUnavailable
from common.kafka.admin import offset_spec
from common.kafka.configuration import connection_configuration
from common.kafka.connection import KafkaConnection
from common.kafka.errors import RefusalWatch, client_configuration, error_of
from common.kafka.topics import AtTime, Edge, PartitionAddress

_SECONDS = 10.0
"""Time limit of a request."""

_IN_USE = frozenset(("UNKNOWN_MEMBER_ID", "NON_EMPTY_GROUP", "REBALANCE_IN_PROGRESS", "GROUP_SUBSCRIBED_TO_TOPIC"))
"""Names of the errors by which Kafka refuses to move the commits of a group that has members."""


class GroupMember(NamedTuple):
    """A member of a group. instance: of a static member, else empty."""

    client_id: str
    host: str
    instance: str
    partitions: int


class ConsumerGroup(NamedTuple):
    """A group in the words of its coordinator. state: such as stable, empty, dead."""

    name: str
    state: str
    members: tuple[GroupMember, ...]


class GroupCommit(NamedTuple):
    """A committed offset, and the metadata that the consumer stored with it."""

    offset: int
    metadata: str


class KafkaGroups:
    """Asks the brokers of one connection; calls block, bounded. KafkaUnavailable, KafkaRefused. For one thread."""

    def __init__(self, connection: KafkaConnection) -> None:
        """Connect in the background. ConfigurationError."""
        self._brokers = connection.brokers
        self._refusals = RefusalWatch(connection)
        with client_configuration(connection):
            self._client: Any = AdminClient(connection_configuration(connection, self._refusals.on_error))

    def names(self) -> list[str]:
        """All groups that this client may see."""
        listed = self._answer(self._client.list_consumer_groups(request_timeout=_SECONDS))
        if listed.errors and not listed.valid:
            raise self._failed(listed.errors[0])
        return sorted(group.group_id for group in listed.valid)

    def describe(self, names: Collection[str]) -> dict[str, ConsumerGroup]:
        """The groups of these names; one that does not exist is dead and has no members."""
        if not names:
            return {}
        answers = self._client.describe_consumer_groups([*names], request_timeout=_SECONDS)
        return {name: _group(name, self._answer(answer)) for name, answer in answers.items()}

    def commits(self, group: str) -> dict[PartitionAddress, GroupCommit]:
        """Commits of the group."""
        return self.commits_of([group])[group]

    def commits_of(self, groups: Collection[str]) -> dict[str, dict[PartitionAddress, GroupCommit]]:
        """Commits of each group, all asked for at once."""
        answers: dict[str, Future[Any]] = {}
        for group in groups:
            asked = [ConsumerGroupTopicPartitions(group)]
            [answers[group]] = self._client.list_consumer_group_offsets(asked, request_timeout=_SECONDS).values()
        return {group: _commits(self._answer(answer).topic_partitions) for group, answer in answers.items()}

    def move(self, group: str, commits: Mapping[PartitionAddress, GroupCommit]) -> None:
        """Replace these commits of a group without members. KafkaRefused while it has some."""
        places = [TopicPartition(*place, commit.offset, commit.metadata) for place, commit in commits.items()]
        asked = [ConsumerGroupTopicPartitions(group, places)]
        [answer] = self._client.alter_consumer_group_offsets(asked, request_timeout=_SECONDS).values()
        for place in cast("list[TopicPartition]", self._answer(answer, group).topic_partitions):
            if place.error is not None:
                raise self._failed(place.error, group)

    def offsets(self, places: Collection[PartitionAddress], start: Edge | AtTime) -> dict[PartitionAddress, int]:
        """Offset of the start in each partition; -1 for a time without later messages."""
        if not places:
            return {}
        spec = offset_spec(start)
        asked = {TopicPartition(*place): spec for place in places}
        answers = cast("dict[TopicPartition, Future[Any]]", self._client.list_offsets(asked, request_timeout=_SECONDS))
        return {
            PartitionAddress(place.topic, place.partition): self._answer(answer).offset
            for place, answer in answers.items()
        }

    def _answer(self, answer: Future[Any], group: str = "") -> Any:  # noqa: ANN401 (of confluent-kafka, hardly typed)
        try:
            return answer.result()
        except KafkaException as failure:
            raise self._failed(error_of(failure), group) from failure

    def _failed(self, error: KafkaError, group: str = "") -> KafkaRefused | KafkaUnavailable:
        self._client.poll(0)  # serves the error callback
        cause = self._refusals.latest if error.name() == "_TIMED_OUT" else error.str()
        self._refusals.on_error(error)
        self._refusals.raise_if_refused()
        if error.name() in _IN_USE:
            return KafkaRefused(f"group {group} has members: stop them, as Kafka moves no group that is in use")
        return KafkaUnavailable(f"Kafka at {self._brokers} does not answer: {cause}")


def _commits(places: Iterable[TopicPartition]) -> dict[PartitionAddress, GroupCommit]:
    return {
        PartitionAddress(place.topic, place.partition): GroupCommit(place.offset, place.metadata or "")
        for place in places
        if place.offset >= 0
    }


def _group(name: str, described: Any) -> ConsumerGroup:  # noqa: ANN401
    members = tuple(
        GroupMember(
            member.client_id,
            member.host.lstrip("/"),
            member.group_instance_id or "",
            len(member.assignment.topic_partitions) if member.assignment else 0,
        )
        for member in described.members
    )
    return ConsumerGroup(name, described.state.name.lower(), members)
