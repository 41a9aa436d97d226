"""Roles as real processes, as the other tests use them."""

import grpc
import pytest

from common.pb.thunder.v1.in_network_pb2 import GetInNetworkPostsRequest
from tests.support.processes.thunder import Thunder
from tests.support.wait import eventually


def test_a_role_is_started_read_and_stopped(thunder: Thunder, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THUNDER_MISSPELT", "the setting of a developer's shell, which would be refused")
    role = thunder.start("serve", "--redis-url", redis_url)
    eventually(lambda: role.status("/healthz") == 200, "the role is alive")
    assert role.status("/readyz") == 503  # nothing has filled the store
    assert role.metrics().value("in_flight_requests") == 0
    assert not role.ask(GetInNetworkPostsRequest(user_id=1)).posts
    assert role.terminate() == 0
    assert role.status("/healthz") == 0
    with pytest.raises(grpc.RpcError):
        role.ask(GetInNetworkPostsRequest(user_id=1))


def test_failed_start_fails_the_test_with_its_output(thunder: Thunder) -> None:
    role = thunder.start("serve", "--no-such-flag")
    with pytest.raises(AssertionError, match="no-such-flag"):
        role.wait_until_ready()


def test_a_command_is_run_to_its_end(thunder: Thunder) -> None:
    done = thunder.run("--version")
    assert (done.returncode, done.stdout.split()[0]) == (0, "thunder")
