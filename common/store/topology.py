"""Node of each bucket: one server, or the masters of a Redis Cluster. Callers read it again after a failure."""

from typing import Any, NamedTuple, cast

import redis
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import RedisError
from redis.retry import Retry

from common.errors import StoreUnavailable
from common.store.keys import META, bucket_tag


class Node(NamedTuple):
    """Address of a Redis server."""

    host: str
    port: int


class Topology(NamedTuple):
    """Nodes, and the node of every bucket and of the store's own keys (meta, status) as an index into them."""

    nodes: tuple[Node, ...]
    node_of_bucket: tuple[int, ...]
    node_of_meta: int


def node_client(url: str, node: Node | None, timeout_seconds: float) -> redis.Redis:
    """Client of the URL's server, or of another node with the same credentials. It never retries."""
    options: dict[str, Any] = {
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": timeout_seconds,
        "socket_keepalive": True,
        "driver_info": None,  # CLIENT SETINFO needs a right that a user may lack
    }
    client = redis.Redis.from_url(url, **options)
    if node is not None:
        client.connection_pool.connection_kwargs |= {"host": node.host, "port": node.port}
    return client


def read_topology(url: str, known: tuple[Node, ...], buckets: int, timeout_seconds: float) -> Topology:
    """Ask the URL's server, or else the first known node that answers. StoreUnavailable when none does. Blocks."""
    failure: RedisError | None = None
    for node in (None, *known):
        client = node_client(url, node, timeout_seconds)
        try:
            return _read_from(client, buckets)
        except RedisError as error:
            failure = error
        finally:
            client.close()
    raise StoreUnavailable(f"Redis does not answer: {failure}") from failure


def _read_from(client: redis.Redis, buckets: int) -> Topology:
    info = client.info("cluster")
    if not info.get("cluster_enabled"):
        kwargs = client.connection_pool.connection_kwargs
        return Topology((Node(kwargs.get("host", ""), kwargs.get("port", 0)),), (0,) * buckets, 0)
    ranges = cast("list[list[Any]]", client.execute_command("CLUSTER SLOTS"))
    return cluster_topology(ranges, client.connection_pool.connection_kwargs["host"], buckets)


def cluster_topology(ranges: list[list[Any]], asked_host: str, buckets: int) -> Topology:
    """Parse the reply to CLUSTER SLOTS: [first slot, last slot, [host, port, ...] of the master, ...] per range."""
    nodes: list[Node] = []
    slots = [-1] * 16384
    for first, last, master, *_ in ranges:
        node = Node((master[0] or b"").decode() or asked_host, int(master[1]))
        if node not in nodes:
            nodes.append(node)
        slots[first : last + 1] = [nodes.index(node)] * (last + 1 - first)
    if -1 in slots:
        raise StoreUnavailable(f"Redis Cluster serves no master for slot {slots.index(-1)}")
    node_of_bucket = tuple(slots[key_slot(bucket_tag(bucket))] for bucket in range(buckets))
    return Topology(tuple(nodes), node_of_bucket, slots[key_slot(META)])
