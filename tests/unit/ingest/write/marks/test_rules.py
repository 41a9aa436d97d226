"""What a mark proves, and from where a partition is read again."""

from common.store.marks import BucketMarks, Mark, MarkKind, Tenure, mark_field, registry_field
from ingest.write.marks.rules import KEEP, Custody, Holding, MarkVerdict, PartitionPlace, Suspicion, outlives, verify

LINEAGE, OTHER_LINEAGE = "1" * 16, "2" * 16
MASTER = Tenure("a" * 40, "b" * 40, "0" * 40, "c" * 40, is_master=True)
RESTARTED = MASTER._replace(run_id="d" * 40, replid="e" * 40)
PROMOTED = Tenure("f" * 40, "8" * 40, MASTER.replid, "9" * 40, is_master=True)
STRANGER = Tenure("3" * 40, "4" * 40, "0" * 40, "5" * 40, is_master=True)
STAMP = MASTER.stamp(LINEAGE)
RUNNING, GAINED = PartitionPlace(100, 0, 100), PartitionPlace(50, 50, 120)


def held_by(
    tenure: Tenure, *used: Tenure, custody: Custody = Custody.KEPT, origins: tuple[Tenure, ...] = ()
) -> Holding:
    return Holding(tenure, LINEAGE, custody, frozenset({tenure, *origins}), frozenset(used))


def judge(
    held: Mark | None, place: PartitionPlace, holding: Holding, raised: int | None = None, *, registered: bool = True
) -> MarkVerdict:
    return verify(held, place, holding, raised=raised, is_registered=registered)


def stamped(tenure: Tenure, offset: int, whole_at: int = 0, settled: int = 0) -> Mark:
    return Mark(offset, tenure.stamp(LINEAGE), whole_at, settled)


def test_a_store_without_marks_holds_what_was_committed() -> None:
    assert judge(None, GAINED, held_by(MASTER), registered=False) == MarkVerdict(Mark(50, STAMP, 50, 50))


def test_marks_of_a_topic_that_is_gone_say_nothing_of_the_new_one() -> None:
    place = PartitionPlace(70, 50, 120, topic_id="new")
    held = stamped(MASTER, 100, whole_at=130)
    fresh = MarkVerdict(Mark(50, STAMP, 50, 50))
    assert _judged(held, place, "old") == fresh, "whole: what the new topic lacks cannot be read again"
    assert _judged(None, place, "old") == fresh
    assert _judged(held, place, "new") != fresh
    assert _judged(held, place, "") != fresh
    assert _judged(held, place._replace(topic_id=""), "old") != fresh
    assert _judged(held, place, "old", raised=60) != fresh, "found true before"
    assert _judged(held, place._replace(replayed_from=0), "old") != fresh, "stamped before this replay"


def test_writes_of_a_new_topic_to_a_node_that_is_gone_are_repeated() -> None:
    place = PartitionPlace(70, 50, 120, topic_id="new")
    holding = held_by(MASTER, STRANGER)
    verdict = verify(stamped(MASTER, 100), place, holding, raised=None, is_registered=True, topic_id="old")
    assert verdict == MarkVerdict(Mark(50, STAMP, 120, 50), 50, Suspicion.UNCONFIRMED)


def _judged(held: Mark | None, place: PartitionPlace, topic_id: str, raised: int | None = None) -> MarkVerdict:
    return verify(held, place, held_by(MASTER), raised=raised, is_registered=True, topic_id=topic_id)


def test_a_missing_mark_of_a_registered_partition_is_a_loss() -> None:
    loss = MarkVerdict(Mark(0, STAMP, 120), 0, Suspicion.MISSING)
    assert judge(None, GAINED, held_by(MASTER)) == loss


def test_a_missing_mark_that_this_worker_raised_is_a_loss() -> None:
    verdict = judge(None, RUNNING, held_by(MASTER, MASTER), raised=90, registered=False)
    assert verdict == MarkVerdict(Mark(0, STAMP, 100), 0, Suspicion.MISSING)


def test_a_mark_of_the_node_that_holds_the_bucket_is_true() -> None:
    for offset in (10, 50, 110):  # the worker before ended before its raise, or before its commit
        assert judge(stamped(MASTER, offset), GAINED, held_by(MASTER)) == KEEP


def test_a_replay_that_another_worker_did_not_end_is_taken_up() -> None:
    pending = stamped(MASTER, 40, whole_at=130, settled=30)
    assert judge(pending, GAINED, held_by(MASTER)) == MarkVerdict(Mark(40, STAMP, 130, 30), 40, Suspicion.PENDING)
    assert judge(pending, PartitionPlace(40, 40, 120), held_by(MASTER)) == KEEP
    assert judge(pending, PartitionPlace(60, 60, 120, replayed_from=40), held_by(MASTER)) == KEEP, "Kafka has no more"


def test_writes_to_a_node_that_is_gone_are_repeated() -> None:
    verdict = judge(stamped(MASTER, 80), RUNNING, held_by(MASTER, STRANGER, MASTER), raised=80)
    assert verdict == MarkVerdict(Mark(80, STAMP, 100), 80, Suspicion.UNCONFIRMED)
    assert judge(stamped(MASTER, 100), RUNNING, held_by(MASTER, STRANGER), raised=80) == KEEP


def test_after_a_promotion_the_mark_that_was_replicated_counts() -> None:
    stamp = PROMOTED.stamp(LINEAGE)
    held = stamped(MASTER, 80, settled=20)
    assert judge(held, RUNNING, held_by(PROMOTED, MASTER), raised=80) == MarkVerdict(
        Mark(80, stamp, 100, 20), 80, Suspicion.UNCONFIRMED
    )
    assert judge(held, RUNNING, held_by(PROMOTED, MASTER), raised=90) == MarkVerdict(
        Mark(80, stamp, 100, 20), 80, Suspicion.OLDER
    )
    assert judge(held, GAINED, held_by(PROMOTED)) == MarkVerdict(Mark(80, stamp, 120, 20), None, Suspicion.UNCONFIRMED)


def test_after_a_restart_what_was_surely_on_disk_counts() -> None:
    verdict = judge(stamped(MASTER, 100, settled=20), RUNNING, held_by(RESTARTED, MASTER), raised=100)
    assert verdict == MarkVerdict(Mark(20, RESTARTED.stamp(LINEAGE), 100, 20), 20, Suspicion.UNCONFIRMED)


def test_without_a_cluster_every_server_has_the_same_data() -> None:
    alone, other = MASTER._replace(node_id=""), STRANGER._replace(node_id="")
    verdict = judge(stamped(alone, 100, settled=20), RUNNING, held_by(other, alone), raised=100)
    assert (verdict.replay_from, verdict.suspicion) == (20, Suspicion.UNCONFIRMED)


def test_a_bucket_of_an_unknown_node_is_rebuilt() -> None:
    verdict = judge(stamped(STRANGER, 50), GAINED, held_by(MASTER))
    assert verdict == MarkVerdict(Mark(0, STAMP, 120), 0, Suspicion.MOVED)


def test_a_bucket_that_moved_whole_keeps_its_mark() -> None:
    holding = held_by(MASTER, STRANGER, MASTER, custody=Custody.MOVED, origins=(STRANGER,))
    assert judge(stamped(STRANGER, 90, settled=70), RUNNING, holding, raised=90) == MarkVerdict(Mark(90, STAMP, 0, 0))


def test_a_bucket_that_was_on_the_way_when_an_end_failed_is_rebuilt() -> None:
    holding = held_by(MASTER, custody=Custody.UNSURE)
    assert judge(stamped(MASTER, 100), RUNNING, holding, raised=100) == MarkVerdict(
        Mark(0, STAMP, 100), 0, Suspicion.MOVED
    )


def test_marks_of_another_lineage_say_nothing() -> None:
    for offset in (40, 500):
        held = Mark(offset, MASTER.stamp(OTHER_LINEAGE), 0, 400)
        assert judge(held, GAINED, held_by(MASTER)) == MarkVerdict(Mark(50, STAMP, 120, 50))


def test_marks_of_a_topic_that_was_made_again_say_nothing() -> None:
    assert judge(stamped(MASTER, 500), GAINED, held_by(MASTER)) == MarkVerdict(Mark(50, STAMP, 120, 50))


NOW = 1_790_000_000
EMPTY = BucketMarks(None, {})


def meta_of(*partitions: int, follows_at: int | None = None, lineage: str = LINEAGE) -> dict[bytes, bytes]:
    """A meta hash that names partitions of the topic posts, and one of the topic follows."""
    follows = {registry_field(MarkKind.FOLLOWS, "follows", 0): b"%d" % follows_at} if follows_at else {}
    posts = {registry_field(MarkKind.POSTS, "posts", partition): b"%d" % NOW for partition in partitions}
    return {b"lineage": lineage.encode(), b"retention_seconds": b"3600", **posts, **follows}


def bucket(topic: str = "posts", stamp: str = STAMP, **offsets: tuple[int, int]) -> BucketMarks:
    """Offset and whole_at of each partition."""
    marks = {
        mark_field(topic, int(name[1:])): Mark(*(offset, stamp, whole)) for name, (offset, whole) in offsets.items()
    }
    return BucketMarks(b"id", marks)


def test_a_lineage_lives_on_in_a_bucket_that_is_filled_for_it() -> None:
    filled = bucket(p0=(20, 10), p1=(30, 0))
    assert outlives(meta_of(0, 1), [EMPTY, filled], NOW)
    assert outlives(meta_of(0, 1), [filled, bucket(p0=(0, 20), p1=(0, 30))], NOW), "an owner has stamped the empty node"


def test_a_store_that_is_empty_everywhere_is_new() -> None:
    assert not outlives(meta_of(0), [], NOW)
    assert not outlives(meta_of(0), [EMPTY, EMPTY], NOW)
    assert not outlives(meta_of(0), [bucket(p0=(0, 20)), EMPTY], NOW), "stamped since, to be filled"


def test_a_lineage_that_was_replaced_is_not_restored() -> None:
    """By a worker that was cut off while the others rebuilt the store."""
    newer = bucket(stamp=MASTER.stamp(OTHER_LINEAGE), p0=(20, 10))
    assert not outlives(meta_of(0), [newer], NOW)
    assert not outlives(meta_of(0), [bucket(p0=(20, 10)), newer], NOW), "the rebuild has only begun"


def test_a_registry_that_is_not_the_last_one_is_not_restored() -> None:
    """A partition that is missing in it would be taken for new on the node that has lost it."""
    assert not outlives(meta_of(0), [bucket(p0=(20, 10), p1=(5, 5))], NOW)
    assert not outlives(meta_of(), [bucket(p0=(20, 10))], NOW), "the first marks of an older store"


def test_marks_of_topics_that_are_read_no_more_do_not_matter() -> None:
    filled = [
        bucket(p0=(20, 10)),
        bucket("former", p0=(7, 7)),
        bucket("former", MASTER.stamp(OTHER_LINEAGE), p1=(7, 7)),
    ]
    assert outlives(meta_of(0), filled, NOW)
    retired = bucket("follows", MASTER.stamp(OTHER_LINEAGE), p0=(7, 7))
    assert outlives(meta_of(0, follows_at=NOW - 3600 - 3601), [*filled, retired], NOW)
    assert not outlives(meta_of(0, follows_at=NOW - 60), [*filled, retired], NOW)


def test_without_a_layout_nothing_is_restored() -> None:
    filled = [bucket(p0=(20, 10))]
    assert not outlives({}, filled, NOW)
    assert not outlives(meta_of(0, lineage=""), filled, NOW)
    assert not outlives(meta_of(0) | {b"retention_seconds": b""}, filled, NOW)
