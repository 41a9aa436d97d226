from thunder_client.connection import ClientConnection


def test_a_server_that_comes_back_is_found_within_seconds() -> None:
    """Under the same address or another one: otherwise a rolling restart may end all servers that a client knows."""
    arguments = dict(ClientConnection("dns:///thunder:50051").arguments())
    assert arguments["grpc.max_reconnect_backoff_ms"] == 5_000
    assert arguments["grpc.dns_min_time_between_resolutions_ms"] == 5_000


def test_arguments_of_the_caller_win() -> None:
    own = {"grpc.max_reconnect_backoff_ms": 60_000}
    arguments = dict(ClientConnection("dns:///thunder:50051", channel_arguments=own).arguments())
    assert arguments["grpc.max_reconnect_backoff_ms"] == 60_000
