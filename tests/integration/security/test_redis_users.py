"""The users of docs/redis-users.acl: each may do what its side of Thunder does, and nothing else."""

from collections.abc import Generator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import redis
from redis.exceptions import AuthenticationError, ResponseError

from common.store.keys import CATCH_UP, META, NAMES, WORKERS, KeySpace, source_key
from tests.integration.security.store_flows import StoreFlows
from tests.support.kafka.broker import KafkaBroker
from tests.support.processes.thunder import Thunder
from tests.support.redis.users import INGEST, SERVE, SOURCE, STATUS, TOOLS, USERS, StoreWithUsers

_AUTHOR, _VIEWER = KeySpace().author(1), KeySpace().viewer(1)
POSTS = {_AUTHOR.posts, _AUTHOR.videos, _AUTHOR.deletions, KeySpace().post(1).hash}
FOLLOWS = {_VIEWER.follows, _VIEWER.records, _VIEWER.removals}
REPORTS = {CATCH_UP, WORKERS}
COUNTS = {source_key("bluesky")}
ELSEWHERE = {b"another:key", b"a", b"m:{meta}x", b"s:{x}", b"i:bluesky"}
EVERYTHING = POSTS | FOLLOWS | REPORTS | COUNTS | ELSEWHERE | {META, NAMES}

READ = {
    INGEST: POSTS | FOLLOWS | REPORTS | {META},
    SERVE: POSTS | REPORTS | {_VIEWER.follows, META, NAMES},
    SOURCE: COUNTS,
    TOOLS: FOLLOWS | {META},
    STATUS: REPORTS | {META},
}
WRITTEN = READ | {SERVE: set[bytes](), STATUS: set[bytes]()}


class Observed(NamedTuple):
    """Commands that the flows of each user called, and those refused, in a store that still runs."""

    store: StoreWithUsers
    called: dict[str, frozenset[str]]
    refused: list[dict[str, Any]]


@pytest.fixture(scope="module")
def standalone(kafka: KafkaBroker, tmp_path_factory: pytest.TempPathFactory) -> Generator[Observed]:
    yield from observed(kafka, tmp_path_factory.mktemp("standalone"), cluster=False)


@pytest.fixture(scope="module")
def cluster(kafka: KafkaBroker, tmp_path_factory: pytest.TempPathFactory) -> Generator[Observed]:
    yield from observed(kafka, tmp_path_factory.mktemp("cluster"), cluster=True)


def observed(kafka: KafkaBroker, directory: Path, *, cluster: bool) -> Generator[Observed]:
    store, thunder = StoreWithUsers(directory, cluster=cluster), Thunder(directory)
    flows = StoreFlows(thunder, kafka, store, directory)
    seen = Observed(store, {}, [])
    try:
        store.observe()
        for user, flow in (
            *((INGEST, flows.ingest), (SERVE, flows.serve), (STATUS, flows.status), (SOURCE, flows.source)),
            (TOOLS, flows.tools),
        ):
            flow()
            seen.called[user] = store.called()
            seen.refused.extend(store.refused())
            store.observe()
        yield seen
    finally:
        thunder.close()
        store.kill()


def test_nothing_that_thunder_does_is_refused(standalone: Observed, cluster: Observed) -> None:
    assert standalone.refused == cluster.refused == []


@pytest.mark.parametrize("user", USERS)
def test_each_may_call_what_it_calls_and_no_other_command(user: str, standalone: Observed, cluster: Observed) -> None:
    assert standalone.called[user] | cluster.called[user] == standalone.store.granted(user)


@pytest.mark.parametrize("user", USERS)
def test_every_other_command_of_redis_is_refused(user: str, standalone: Observed) -> None:
    granted = standalone.store.granted(user)
    others = [command for command in standalone.store.known() if not granted & {command.name, command.container}]
    assert {"flushall", "keys", "get", "eval", "debug", "monitor", "subscribe"} <= {command.name for command in others}
    with login(standalone.store.url(user)) as client:
        assert [command.name for command in others if may(client, *command.words)] == []


def test_who_serves_cannot_write(standalone: Observed) -> None:
    writing = {command.name for command in standalone.store.known() if command.writes}
    assert not writing & standalone.store.granted(SERVE)


@pytest.mark.parametrize("user", USERS)
def test_each_touches_its_own_keys_alone(user: str, standalone: Observed) -> None:
    with login(standalone.store.url(user)) as client:
        assert {key for key in EVERYTHING if may(client, "HGETALL", key)} == READ[user]
        assert {key for key in EVERYTHING if may(client, "EXPIRE", key, "10")} == WRITTEN[user]


def test_no_one_logs_in_without_a_password(standalone: Observed) -> None:
    store = standalone.store
    for user in ("default", *USERS):
        with (
            login(store.url(user).replace(store.password(user), "wrong")) as client,
            pytest.raises(AuthenticationError),
        ):
            client.ping()


def login(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, driver_info=None)


def may(client: redis.Redis, *words: str | bytes) -> bool:
    """Whether the user may run a command, even a useless one. Redis 7 allows DEBUG and MODULE to no user."""
    try:
        client.execute_command(*words)  # pyright: ignore[reportUnknownMemberType]
    except ResponseError as error:
        return "no permissions" not in str(error) and "command not allowed" not in str(error)
    return True
