"""The doctor asks for the rights that the users of the ACL file are given."""

from pathlib import Path

import pytest

from thunder.doctor.redis_rights import INGEST, SERVE, SOURCE, RedisRights, reading_attempts, writing_attempts

ACL_FILE = Path(__file__).parents[4] / "docs" / "redis-users.acl"

each_role = pytest.mark.parametrize(
    ("user", "rights"), [("thunder-ingest", INGEST), ("thunder-serve", SERVE), ("thunder-source", SOURCE)]
)


def granted(user: str, signs: str) -> set[str]:
    [line] = [line.split() for line in ACL_FILE.read_text().splitlines() if line.startswith(f"user {user} ")]
    return {word for word in line if word[0] in signs}


@each_role
def test_each_role_needs_what_its_user_is_given(user: str, rights: RedisRights) -> None:
    assert {f"+{command}" for command in rights.commands} == granted(user, "+")
    assert set(rights.keys.values()) == granted(user, "~%")


@each_role
def test_every_right_is_tried(user: str, rights: RedisRights) -> None:
    tried = {attempt.right for attempt in (*reading_attempts(rights), *writing_attempts(rights))}
    assert tried == granted(user, "+~%")


@each_role
def test_what_writes_comes_after_the_beginning_of_a_transaction(user: str, rights: RedisRights) -> None:
    assert user
    assert [attempt.words for attempt in writing_attempts(rights)][:1] in ([], [("MULTI",)])
    assert {attempt.right for attempt in reading_attempts(rights)}.isdisjoint({"+zadd", "+hset", "+zrem", "+expire"})
