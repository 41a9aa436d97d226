from collections.abc import Generator
from contextlib import ExitStack

import pytest

from tests.contract.thunder_client.either_client import KINDS, Connect, EitherClient
from thunder_client.fake_server import FakeServer


@pytest.fixture
def server() -> Generator[FakeServer]:
    with FakeServer() as running:
        yield running


@pytest.fixture(params=KINDS)
def connect(request: pytest.FixtureRequest) -> Generator[Connect]:
    with ExitStack() as opened:

        def connect(target: str, **options: object) -> EitherClient:
            client = KINDS[request.param](target, **options)
            opened.callback(client.close)
            return client

        yield connect
