from collections.abc import Mapping

import pytest

from thunder.doctor.finding import Severity
from thunder.doctor.redis_rules import LISTPACK, Expected, NodeFacts, check_node, check_rights

GOOD: dict[str, object] = {
    "redis_version": "7.0.15",
    "role": "master",
    "maxmemory_policy": "noeviction",
    "maxmemory": 1000,
    "used_memory": 500,
    "rdb_last_bgsave_status": "ok",
    "server_time_usec": 1_000_000_000,
}


def troubles(
    changed: Mapping[str, object], listpack: Mapping[str, int] | None = LISTPACK, *, writes: bool = True
) -> list[tuple[str, str]]:
    node = NodeFacts("Redis a:1", GOOD | dict(changed), clock=1000.0, listpack=listpack)
    findings = check_node(node, Expected(writes, skew=60))
    assert all(finding.remedy for finding in findings if finding.verdict is not Severity.OK)
    return [(finding.verdict.value, finding.fact) for finding in findings if finding.verdict is not Severity.OK]


def test_nothing_is_said_against_a_server_as_it_should_be() -> None:
    assert troubles({}) == []
    assert troubles({"redis_version": "6.2.14"}) == []
    assert troubles({"redis_version": "10.0.1"}) == []


@pytest.mark.parametrize(
    ("info", "verdict", "fact"),
    [
        ({"redis_version": "6.0.9"}, "fail", "version 6.0.9"),
        ({"role": "slave"}, "fail", "is a replica, which takes no writes"),
        ({"maxmemory_policy": "allkeys-lru"}, "fail", "may evict keys (allkeys-lru)"),
        ({"maxmemory": 0}, "warn", "has no bound on its memory"),
        ({"used_memory": 900}, "warn", "uses 90% of its memory"),
        ({"aof_last_write_status": "err"}, "fail", "cannot persist (aof_last_write_status)"),
        ({"server_time_usec": 1_061_000_000}, "fail", "its clock is 61.0 s ahead of ours"),
        ({"server_time_usec": 939_000_000}, "fail", "its clock is 61.0 s behind ours"),
        ({"server_time_usec": None}, "warn", "does not tell the time"),
    ],
)
def test_what_is_wrong_with_a_server(info: dict[str, object], verdict: str, fact: str) -> None:
    assert troubles(info) == [(verdict, fact)]


def test_a_clock_may_differ_by_the_skew() -> None:
    assert troubles({"server_time_usec": 1_060_000_000}) == []


def test_who_only_reads_may_read_from_a_replica() -> None:
    assert troubles({"role": "slave"}, writes=False) == []


def test_sets_that_are_not_compact_cost_memory() -> None:
    assert troubles({}, {"entries": 128, "value": 64}) == [("warn", "stores authors' sets in more memory than it must")]
    assert troubles({}, None) == [("warn", "does not tell this user its zset-max-listpack settings")]


def test_missing_rights_are_spelled_so_that_they_can_be_granted() -> None:
    finding = check_rights(["+zadd", "~a:*"], "feed")
    assert finding.verdict is Severity.FAIL
    assert finding.remedy == "ACL SETUSER feed +zadd ~a:*"
    assert check_rights([], "feed").verdict is Severity.OK
