"""Costs of requests and posts as they were measured: the one source of constants of a plan."""

from typing import NamedTuple

from thunder.plan.reads import ReadShape


class RedisCosts(NamedTuple):
    """Microseconds of a master's CPU."""

    pipeline_us: float  # of a request: socket calls, and the checks that the bucket is whole
    list_us: float  # ZREVRANGE
    entry_us: float  # of its reply
    record_us: float  # HGET
    post_us: float  # a post written on one server, in full batches
    cluster_us: float  # a post written on a cluster: more than that
    call_us: float  # a script call of the two steps of a write
    mark_us: float  # a mark raised: one per bucket, worker and second

    def request_us(self, shape: ReadShape) -> float:
        """CPU of all masters for a request."""
        return (
            self.pipeline_us * shape.pipelines
            + self.list_us * shape.lists
            + self.entry_us * shape.entries
            + self.record_us * shape.records
        )


class ServerCosts(NamedTuple):
    """Microseconds of a server's CPU."""

    request_us: float  # an empty call: gRPC, admission, metrics
    pipeline_us: float
    list_us: float
    entry_us: float
    result_us: float

    def of_request(self, shape: ReadShape) -> float:
        """CPU of the server for a request."""
        return (
            self.request_us
            + self.pipeline_us * shape.pipelines
            + self.list_us * (shape.lists + shape.records)
            + self.entry_us * shape.entries
            + self.result_us * shape.results
        )


class WorkerCosts(NamedTuple):
    """Microseconds of an ingest worker's CPU."""

    event_us: float  # consume, decode, write to one server, commit
    cluster_us: float  # an event for a cluster: more than that
    call_us: float  # a script call
    pipeline_us: float  # a pipeline to one more master: an estimate
    mark_us: float  # a mark raised


class MemoryCosts(NamedTuple):
    """Bytes of Redis."""

    post_bytes: float  # entry in the author's list, and record
    author_bytes: float  # an author with posts: the key and the empty list
    hash_bytes: float  # a hash of records


class WireCosts(NamedTuple):
    """Bytes on the network and on disk."""

    request_bytes: float  # of a followed author in a request
    result_bytes: float  # a post in an answer
    command_bytes: float  # a list or record that is asked for
    entry_bytes: float  # an entry in a reply of Redis
    event_bytes: float  # an event in Kafka, lz4


class Costs(NamedTuple):
    """All that a plan multiplies with. origin: the measurements that they come from."""

    redis: RedisCosts
    server: ServerCosts
    worker: WorkerCosts
    memory: MemoryCosts
    wire: WireCosts
    origin: str


MEASURED = Costs(
    RedisCosts(
        pipeline_us=23.5,
        list_us=0.6,
        entry_us=0.012,
        record_us=1.09,
        post_us=4.95,
        cluster_us=2.21,
        call_us=1.61,
        mark_us=9.0,
    ),
    ServerCosts(request_us=313.0, pipeline_us=31.2, list_us=0.47, entry_us=0.0, result_us=0.133),
    WorkerCosts(event_us=4.54, cluster_us=5.84, call_us=3.73, pipeline_us=60.0, mark_us=9.0),
    MemoryCosts(post_bytes=87.4, author_bytes=166.3, hash_bytes=64.0),
    WireCosts(request_bytes=9.0, result_bytes=43.0, command_bytes=60.0, entry_bytes=58.0, event_bytes=51.0),
    "a fast machine that did nothing else, where a busy one needs twice as much: give --bench",
)
"""The mean of two runs of tests/benchmarks/plan.py."""
