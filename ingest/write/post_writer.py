"""Writes events about posts to Redis: the shell around write_plan. One pipeline per node and step."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from common.errors import StoreUnavailable
from common.retention import Retention
from common.store.address import Node
from common.store.client import StoreClient, failures
from common.store.commands import NodeCommand, Reply, pack
from common.store.keys import AuthorKeys, KeySpace
from common.store.member import LIST_CAP, created_at, decode_id, is_encoded_id, post_id
from common.store.record import PostRecord, live_record
from common.store.scripts import MOST_PER_CALL, Removal, erase_author
from ingest.events import AuthorDelete
from ingest.post_row import PostRow, delete_row
from ingest.write.write_plan import (
    CallPlanner,
    PlannedClaims,
    Winners,
    needed_sources,
    split_by_holder,
    split_claims,
    sub_batches,
    winners,
    with_videos_decided,
)

MAX_SCORE = 2**53 - 1
"""Largest whole number that the score of a sorted set holds exactly."""


class PostWriter:
    """A sink of events. Writing the same events again changes nothing. One thread at a time."""

    def __init__(
        self,
        store_client: StoreClient,
        keys: KeySpace,
        retention: Retention,
        list_cap: int = LIST_CAP,
        lineage: Callable[[], str] = str,
    ) -> None:
        """lineage: name of the data that the store holds, as last seen."""
        self._store_client = store_client
        self._keys = keys
        self._retention = retention
        self._planner = CallPlanner(keys, retention, list_cap)
        self._lineage = lineage
        self._written_lineage = ""
        self._sessions_seen = 0

    def write(self, events: Sequence[PostRow | AuthorDelete], now: int) -> None:
        """Return when all events are in the store. Blocks.

        StoreUnavailable when some are not: those of healthy shards may be. The same call may be repeated.
        """
        if self._written_lineage != (lineage := self._lineage()):
            self._planner.forget()
            self._written_lineage = lineage
        try:
            self._planner.by_bucket = self._store_client.topology().is_cluster
            failed = [failure for batch in sub_batches(events) for failure in self._write_connected(batch, now)]
            if failed:
                raise failed[0]
        except StoreUnavailable:
            self._planner.forget()
            raise

    def forget(self) -> None:
        """Set every TTL again with the next writes: Redis may have lost keys, which are made again without one."""
        self._planner.forget()

    def lacking(self, rows: Sequence[PostRow]) -> Counter[Node]:
        """Count the posts of which there is no record, not even of a deletion, by node. StoreUnavailable. Blocks."""
        topology = self._store_client.topology()
        self._planner.by_bucket = topology.is_cluster
        planned = [*self._planner.reads([row.post_id for row in rows])]
        replies = self._store_client.run([reads.command for reads in planned])
        if failed := failures(replies):
            raise failed[0]
        lacking: Counter[Node] = Counter()
        for reads, records in zip(planned, replies, strict=True):
            node = topology.nodes[topology.node_of_bucket[reads.command.bucket]]
            lacking[node] += sum(record is None for record in records)
        return +lacking

    def _write_connected(self, batch: Sequence[PostRow] | AuthorDelete, now: int) -> list[StoreUnavailable]:
        """Write again where a connection was opened meanwhile, with all TTLs.

        A node that lost its keys has ended its connections. It need not fail a call: redis-py connects again.
        """
        before = self._store_client.sessions_opened
        if before != self._sessions_seen:
            self._planner.forget()
        failed = self._write(batch, now)
        self._sessions_seen = self._store_client.sessions_opened
        if failed or before in (0, self._sessions_seen):
            return failed
        self._planner.forget()
        return self._write(batch, now)

    def _write(self, batch: Sequence[PostRow] | AuthorDelete, now: int) -> list[StoreUnavailable]:
        step = _Steps(self._store_client)
        if isinstance(batch, AuthorDelete):
            self._erase(batch, step, now)
        else:
            self._write_posts(batch, step, now)
        return step.failed

    def _write_posts(self, rows: Sequence[PostRow], step: "_Steps", now: int) -> None:
        if sources := needed_sources(rows):
            rows = with_videos_decided(rows, self._records(sources, step, now))
        won = self._claim(rows, step, now)
        refused = self._add(won.additions, step, now)
        self._remove(won.removals, step, now)
        if refused:
            self._claim([delete_row(post_id(member)) for member in refused], step, now)

    def _erase(self, event: AuthorDelete, step: "_Steps", now: int) -> None:
        """Refuse the author's creates up to the deletion, delete the posts stored until then, a bounded part at a time.

        The author's set is read after the refusal stands and emptied only by those deletes: a crash in between leaves
        the posts to be found by the replay.
        """
        keys = self._keys.author(event.author_id)
        deleted_at = min(event.deleted_at, MAX_SCORE) if event.deleted_at > 0 else now
        self._delete_again(keys, step, now)
        command = NodeCommand(keys.bucket, erase_author(keys, deleted_at, self._retention, now))
        while not step.failed and (members := step.run([command])[0]):
            posts = dict.fromkeys((post_id(member), created_at(member)) for member in members)
            won = self._claim([delete_row(post) for post, _ in posts], step, now)
            everything = [Removal(keys, created, post, now) for post, created in posts]
            self._remove(won.removals if step.failed else everything, step, now)

    def _delete_again(self, keys: AuthorKeys, step: "_Steps", now: int) -> None:
        """Delete posts that were deleted before but whose records are live: Redis has lost their tombstones.

        The author's set names them, the lists do not any more. In a store that lost nothing there are none.
        """
        oldest, start, most = b"%d" % self._retention.oldest(now), 0, b"%d" % MOST_PER_CALL
        while not step.failed:
            read = (b"ZRANGEBYSCORE", keys.deletions, oldest, b"+inf", b"LIMIT", b"%d" % start, most)
            members = step.run([NodeCommand(keys.bucket, pack(read))])[0]
            if not members:
                return
            deleted = [decode_id(member) for member in members if is_encoded_id(member)]
            live = [post for post, record in self._records(deleted, step, now).items() if record]
            won = self._claim([delete_row(post) for post in live], step, now)
            self._remove(won.removals, step, now)
            start += MOST_PER_CALL

    def _records(self, ids: Sequence[int], step: "_Steps", now: int) -> Mapping[int, PostRecord | None]:
        """Live record of each id, None where there is none; ids whose shard does not answer are missing."""
        planned = [*self._planner.reads(ids)]
        replies = step.run([reads.command for reads in planned])
        oldest = self._retention.oldest(now)
        return {
            post: live_record(record, oldest)
            for reads, reply in zip(planned, replies, strict=True)
            if reply is not None
            for post, record in zip(reads.ids, reply, strict=True)
        }

    def _claim(self, rows: Sequence[PostRow], step: "_Steps", now: int) -> Winners:
        """Step 1: HSETNX decides about most creates, claim_posts.lua about the rest."""
        creates, others = split_claims(rows)
        planned, scripted = [*self._planner.creates(creates, now)], [*self._planner.claims(others, now)]
        replies = step.run([claims.command for claims in (*planned, *scripted)])
        won = Winners([], [])
        held: list[PostRow] = []
        for claims, reply in zip(planned, replies, strict=False):
            if reply is not None:
                new, others = split_by_holder(claims.rows, reply)
                won.additions.extend(new)
                held.extend(others)
        self._take(scripted, replies[len(planned) :], won)
        if held:
            scripted = [*self._planner.claims(held, now)]
            self._take(scripted, step.run([claims.command for claims in scripted]), won)
        return won

    def _take(self, planned: Sequence[PlannedClaims], replies: Sequence[Reply], won: Winners) -> None:
        for claims, reply in zip(planned, replies, strict=True):
            if reply is not None:
                more = winners(claims.rows, reply, self._keys)
                won.additions.extend(more.additions)
                won.removals.extend(more.removals)

    def _add(self, rows: Sequence[PostRow], step: "_Steps", now: int) -> list[bytes]:
        """Members that an author delete refuses: they were claimed and must be deleted."""
        replies = step.run([*self._planner.additions(rows, now)])
        return [member for reply in replies for member in reply or ()]

    def _remove(self, removals: Sequence[Removal], step: "_Steps", now: int) -> None:
        step.run([*self._planner.removals(removals, now)])


class _Steps:
    """Runs the steps of one write on the shards that answer, and keeps the failures of the others."""

    def __init__(self, store_client: StoreClient) -> None:
        self._store_client = store_client
        self.failed: list[StoreUnavailable] = []

    def run(self, commands: Sequence[NodeCommand]) -> list[Reply]:
        """Replies in order, None in the places of those that did not come."""
        if not commands:
            return []
        replies = self._store_client.run(commands)
        self.failed += failures(replies)
        return [None if isinstance(reply, StoreUnavailable) else reply for reply in replies]
