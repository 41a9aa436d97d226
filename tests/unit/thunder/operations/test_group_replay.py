import pytest

from common.errors import KafkaRefused
from common.kafka.groups import ConsumerGroup, GroupCommit, GroupMember
from common.kafka.topics import PartitionAddress
from thunder.operations.group_replay import Move, planned_moves, refuse_members


def at(partition: int) -> PartitionAddress:
    return PartitionAddress("posts", partition)


def test_commits_go_back_and_never_forward() -> None:
    commits = {at(1): GroupCommit(90, "lineage"), at(0): GroupCommit(50, "lineage"), at(2): GroupCommit(7, "")}
    assert planned_moves(commits, {at(0): 20, at(1): 100}) == [
        Move(at(0), GroupCommit(50, "lineage"), 20),
        Move(at(1), GroupCommit(90, "lineage"), 90),
        Move(at(2), GroupCommit(7, ""), 7),
    ]
    assert [move.messages for move in planned_moves(commits, {at(0): 20, at(1): 100})] == [30, 0, 0]


def test_a_group_in_use_is_refused_with_its_hosts() -> None:
    members = tuple(GroupMember("thunder", host, "", 1) for host in ("10.0.0.2", "10.0.0.1"))
    with pytest.raises(KafkaRefused, match=r"group feed has 2 members on 10.0.0.1, 10.0.0.2: stop them first"):
        refuse_members(ConsumerGroup("feed", "stable", members))
    refuse_members(ConsumerGroup("feed", "empty", ()))
