"""`thunder replay`: moves the commits of a consumer group back by time, and says what that means for the store."""

import json
import sys
import time
from collections.abc import Mapping
from typing import NamedTuple

from common.errors import ConfigurationError, KafkaRefused
from common.kafka.groups import ConsumerGroup, GroupCommit, KafkaGroups
from common.kafka.topics import AtTime, Edge, PartitionAddress
from common.settings.operations import GroupReplaySettings
from thunder.cli.exit_codes import ExitCode
from thunder.cli.text import aligned

_WAIT_SECONDS = 1.0


class Move(NamedTuple):
    """A partition, its commit, and the offset that it gets: the same one where the commit is not behind the time."""

    place: PartitionAddress
    commit: GroupCommit
    new: int

    @property
    def messages(self) -> int:
        """Number of offsets that are read again."""
        return self.commit.offset - self.new


def replay_group(settings: GroupReplaySettings) -> int:
    """Run `thunder replay`; the exit code. ConfigurationError, KafkaRefused while there are members."""
    groups = KafkaGroups(settings.consumer_connection)
    commits = groups.commits(settings.group)
    if not commits:
        raise ConfigurationError(f"group {settings.group} has committed nothing: it does not exist, or never ran")
    if not settings.dry_run:
        _wait_for_members(settings, groups)
        commits = groups.commits(settings.group)  # its last members committed when they left
    moves = planned_moves(commits, _offsets_then(groups, settings.since, commits))
    changed = {move.place: move.commit._replace(offset=move.new) for move in moves if move.messages}
    if changed and not settings.dry_run:
        groups.move(settings.group, changed)
    print(_as_json(settings, moves) if settings.as_json else "\n".join(_lines(settings, moves)))
    return ExitCode.DONE


def planned_moves(commits: Mapping[PartitionAddress, GroupCommit], then: Mapping[PartitionAddress, int]) -> list[Move]:
    """The move of each partition: to the offset of that time, never forward. The metadata of a commit stays."""
    return [
        Move(place, commit, min(commit.offset, then.get(place, commit.offset)))
        for place, commit in sorted(commits.items())
    ]


def refuse_members(group: ConsumerGroup) -> None:
    """Raise KafkaRefused when the group has members."""
    if group.members:
        raise KafkaRefused(f"group {group.name} has {in_use(group)}: stop them first, or use --wait")


def in_use(group: ConsumerGroup) -> str:
    """The number of members, and the hosts where they run."""
    hosts = ", ".join(sorted({member.host for member in group.members}))
    return f"{len(group.members)} {'member' if len(group.members) == 1 else 'members'} on {hosts}"


def _wait_for_members(settings: GroupReplaySettings, groups: KafkaGroups) -> None:
    """Return once there are none. KafkaRefused at once, unless it is to be waited."""
    said = ""
    while (group := groups.describe([settings.group])[settings.group]).members:
        if not settings.wait:
            refuse_members(group)
        if in_use(group) != said:
            said = in_use(group)
            print(f"waiting: group {group.name} has {said}", file=sys.stderr, flush=True)
        time.sleep(_WAIT_SECONDS)


def _offsets_then(
    groups: KafkaGroups, seconds: int, commits: Mapping[PartitionAddress, GroupCommit]
) -> dict[PartitionAddress, int]:
    """Offset of each partition at that time: its end where nothing is newer, and never below what Kafka still has."""
    found = groups.offsets(commits.keys(), AtTime(int((time.time() - seconds) * 1000)))
    ends = groups.offsets([place for place, offset in found.items() if offset < 0], Edge.END)
    return {place: offset if offset >= 0 else ends[place] for place, offset in found.items()}


def _lines(settings: GroupReplaySettings, moves: list[Move]) -> list[str]:
    rows = [(str(move.place), f"{move.commit.offset}", f"{move.new}", f"{move.messages}") for move in moves]
    total = sum(move.messages for move in moves)
    what = "would be read again" if settings.dry_run else "will be read again, once the workers of the group start"
    return [
        *aligned([("partition", "old offset", "new offset", "to read again"), *rows]),
        f"{total:,} messages {what}",
        *_consequences(settings, {move.place.topic for move in moves}),
    ]


def _consequences(settings: GroupReplaySettings, topics: set[str]) -> list[str]:
    """Consequences of a replay where the group fills a store, and where it fills the refined topic."""
    lines = [
        "A group that fills a store: lineage and marks stay as they are, so servers stay ready and leave nothing out.",
        "Workers write again what they read; a mark rises when they pass it.",
    ]
    if settings.tweet_events_topic in topics:
        lines.append(
            "A transformer: it produces the events of the span a second time, which changes nothing in a store."
        )
    return lines


def _as_json(settings: GroupReplaySettings, moves: list[Move]) -> str:
    partitions = [
        {
            "topic": move.place.topic,
            "partition": move.place.partition,
            "old_offset": move.commit.offset,
            "new_offset": move.new,
        }
        for move in moves
    ]
    return json.dumps({"group": settings.group, "dry_run": settings.dry_run, "partitions": partitions})
