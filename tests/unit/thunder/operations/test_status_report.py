import json

from common.process_name import RunningProcess
from common.store.layout import StoreLayout
from thunder.operations.status_report import (
    FillStatus,
    GroupStatus,
    KafkaStatus,
    MemberCount,
    NodeStatus,
    RedisStatus,
    SystemStatus,
    WorkerReport,
    attention,
    status_as_json,
    status_lines,
)

GROUP = GroupStatus("feed", "posts", "stable", 2, ("10.0.0.1",), 12, 0, (MemberCount("thunder-ingest", "1.1.0", 2),))
KAFKA = KafkaStatus("kafka:9092", (GROUP,), 0)
REDIS = RedisStatus(
    (NodeStatus("redis:6379", "7.2.4", "master", 100 * 2**20, 200 * 2**20),),
    StoreLayout(1, 256, 65536, 172_800, "abcd"),
    (FillStatus("posts", 12, 256),),
    {"posts": []},
    (WorkerReport(0.4, 1234, 5, 90),),
    (RunningProcess("thunder-serve", "1.1.0", "a-1"), RunningProcess("thunder-serve", "1.1.0", "b-1")),
)


def test_all_is_well() -> None:
    lines = status_lines(SystemStatus(KAFKA, REDIS))
    assert lines[-1] == "nothing needs attention"
    assert "redis:6379  7.2.4    master  100 MiB of 200 MiB (50%)" in lines
    assert "layout 1: 256 buckets, 65,536 post hashes, retention 2 d, lineage abcd" in lines
    assert "marks of posts: 256 buckets whole, for 12 partitions" in lines
    assert "a worker, 0 s ago: 1,234 events applied, lag 5" in lines
    assert "thunder-serve  1.1.0    2: a-1, b-1" in lines


def read_by(*versions: MemberCount) -> str:
    """The last column of the group's line."""
    lines = status_lines(SystemStatus(KAFKA._replace(groups=(GROUP._replace(versions=versions),)), REDIS))
    return lines[2].partition("  0  ")[2]


def test_a_group_shows_which_versions_read_for_it() -> None:
    new, old = MemberCount("thunder-transform", "1.1.0", 2), MemberCount("thunder-transform", "1.0.0", 1)
    assert read_by(new) == "thunder-transform 1.1.0"
    assert read_by(old, new) == "1 x thunder-transform 1.0.0, 2 x thunder-transform 1.1.0"
    assert read_by(MemberCount("rdkafka", None, 1)) == "rdkafka (unknown version)"
    assert read_by() == "-"


def test_each_fault_needs_attention() -> None:
    idle = GROUP._replace(members=0, lag=1200)
    full = REDIS.nodes[0]._replace(used_memory=190 * 2**20)
    redis = REDIS._replace(nodes=(full,), fills=(FillStatus("posts", 12, 250),), lagging={"posts": [0, 4]})
    assert attention(SystemStatus(KAFKA._replace(groups=(idle,)), redis)) == [
        "group feed has no members, and 1,200 messages of posts wait for it",
        "6 of 256 buckets lack posts: servers leave them out",
        "2 partitions of posts have not caught up",
        "Redis redis:6379 uses 95% of its memory",
    ]


def test_an_idle_group_that_has_read_all_is_none() -> None:
    assert attention(SystemStatus(KAFKA._replace(groups=(GROUP._replace(members=0),)), REDIS)) == []


def test_what_does_not_answer_is_said_beside_the_rest() -> None:
    lines = status_lines(SystemStatus("Kafka is away", REDIS))
    assert lines[0] == "Kafka    Kafka is away"
    assert lines[-1] == "attention: Kafka is away"
    assert "Redis    no answer" in status_lines(SystemStatus(KAFKA, "no answer"))


def test_an_empty_store_has_no_layout() -> None:
    empty = REDIS._replace(layout=None, fills=(), workers=(), processes=())
    assert attention(SystemStatus(KAFKA, empty)) == ["the store is empty: the first ingest worker initialises it"]
    assert "none" in status_lines(SystemStatus(KAFKA._replace(groups=()), empty))


def test_a_user_without_the_right_to_list_connections_is_named() -> None:
    assert "not shown: the user of Redis lacks +client|list" in status_lines(
        SystemStatus(KAFKA, REDIS._replace(processes=None))
    )


def test_the_status_is_json_all_the_way_down() -> None:
    read = json.loads(json.dumps(status_as_json(SystemStatus(KAFKA, REDIS))))
    assert read["kafka"]["groups"][0]["group"] == "feed"
    assert read["kafka"]["groups"][0]["versions"] == [{"role": "thunder-ingest", "version": "1.1.0", "members": 2}]
    assert read["redis"]["layout"]["lineage"] == "abcd"
    assert read["redis"]["processes"][0] == {"role": "thunder-serve", "version": "1.1.0", "process": "a-1"}
    assert read["attention"] == []
    assert status_as_json(SystemStatus("away", "gone"))["kafka"] == {"error": "away"}
