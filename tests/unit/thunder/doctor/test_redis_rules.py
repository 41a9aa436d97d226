from collections.abc import Mapping

import pytest

from thunder.doctor.finding import Severity
from thunder.doctor.redis_rules import LISTPACK, NodeState, RedisRequirements, check_node, check_rights

GOOD: dict[str, object] = {
    "redis_version": "7.0.15",
    "role": "master",
    "maxmemory_policy": "noeviction",
    "maxmemory": 1000,
    "used_memory": 500,
    "rdb_last_bgsave_status": "ok",
    "server_time_usec": 1_000_000_000,
}


def problems(
    changed: Mapping[str, object], listpack: Mapping[str, int] | None = LISTPACK, *, writes: bool = True
) -> list[tuple[str, str]]:
    node = NodeState("Redis a:1", GOOD | dict(changed), clock=1000.0, listpack=listpack)
    findings = check_node(node, RedisRequirements(writes, skew=60))
    assert all(finding.remedy for finding in findings if finding.verdict is not Severity.OK)
    return [(finding.verdict.value, finding.fact) for finding in findings if finding.verdict is not Severity.OK]


def test_a_server_as_required_has_no_problem() -> None:
    assert problems({}) == []
    assert problems({"redis_version": "6.2.14"}) == []
    assert problems({"redis_version": "10.0.1"}) == []


@pytest.mark.parametrize(
    ("info", "verdict", "fact"),
    [
        ({"redis_version": "6.0.9"}, "fail", "version 6.0.9"),
        ({"role": "slave"}, "fail", "is a replica, which refuses writes"),
        ({"maxmemory_policy": "allkeys-lru"}, "fail", "may evict keys (allkeys-lru)"),
        ({"maxmemory": 0}, "warn", "has no memory limit"),
        ({"used_memory": 900}, "warn", "uses 90% of its memory"),
        ({"aof_last_write_status": "err"}, "fail", "cannot persist (aof_last_write_status)"),
        ({"server_time_usec": 1_061_000_000}, "fail", "its clock is 61.0 s ahead of ours"),
        ({"server_time_usec": 939_000_000}, "fail", "its clock is 61.0 s behind ours"),
        ({"server_time_usec": None}, "warn", "does not report its time"),
    ],
)
def test_what_is_wrong_with_a_server(info: dict[str, object], verdict: str, fact: str) -> None:
    assert problems(info) == [(verdict, fact)]


def test_a_clock_may_differ_by_the_skew() -> None:
    assert problems({"server_time_usec": 1_060_000_000}) == []


def test_a_role_that_only_reads_may_use_a_replica() -> None:
    assert problems({"role": "slave"}, writes=False) == []


def test_sets_that_are_not_compact_cost_memory() -> None:
    assert problems({}, {"entries": 128, "value": 64}) == [
        ("warn", "needs more memory than necessary for the sorted sets of authors")
    ]
    assert problems({}, None) == [("warn", "does not show this user its zset-max-listpack settings")]


def test_missing_rights_are_spelled_for_an_acl() -> None:
    finding = check_rights(["+zadd", "~a:*"], "feed")
    assert finding.verdict is Severity.FAIL
    assert finding.remedy == "ACL SETUSER feed +zadd ~a:*"
    assert check_rights([], "feed").verdict is Severity.OK
