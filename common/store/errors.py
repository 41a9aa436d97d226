"""The errors of redis-py stop here: callers hear that the store is unavailable."""

from collections.abc import Generator
from contextlib import contextmanager

from redis.exceptions import RedisError

from common.errors import StoreUnavailable


@contextmanager
def redis_errors_as_unavailable() -> Generator[None]:
    """Raise StoreUnavailable, with its cause, for whatever redis-py raises inside."""
    try:
        yield
    except RedisError as error:
        raise StoreUnavailable(f"Redis does not answer: {error}") from error
