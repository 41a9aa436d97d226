"""A reader of the topology asks through the address again and again."""

import pytest

from common.store.address import parse_address
from common.store.topology import TopologyReader


class Client:
    """A server alone, to which a client connects."""

    made = 0
    closed = 0

    def __init__(self, *_: object) -> None:
        Client.made += 1

    def info(self) -> dict[str, str]:
        return {"run_id": "a", "role": "master"}

    def execute_command(self, *_: object) -> list[str]:
        return ["127.0.0.1", "6379"]

    def close(self) -> None:
        Client.closed += 1


@pytest.mark.parametrize(("url", "clients"), [("redis://one", 1), ("redis+sentinel://one/service", 2)])
def test_reading_again_makes_no_more_clients(url: str, clients: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is garbage that only a collection of cycles frees; each reading has a connection of its own all the same."""
    for name in ("entry_client", "sentinel_client"):
        monkeypatch.setattr(f"common.store.topology.{name}", type(name, (Client,), {}))
    monkeypatch.setattr(Client, "made", 0)
    monkeypatch.setattr(Client, "closed", 0)
    reader = TopologyReader(parse_address(url), 4, 1)
    for _ in range(10):
        assert reader.read().run_id == "a"
    assert (Client.made, Client.closed) == (clients, 10 * clients)
