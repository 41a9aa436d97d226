import pytest

from common.process_name import client_id, client_name, parse_client_id, parse_client_name, product_version


@pytest.mark.parametrize(
    ("command", "role"),
    [
        ("thunder serve", "thunder-serve"),
        ("thunder source bluesky", "thunder-source-bluesky"),
        ("thunder --is-serving", "thunder-is-serving"),
        ("", "thunder"),
    ],
)
def test_a_name_says_role_version_and_process(command: str, role: str) -> None:
    name = client_name(command)
    assert all("!" <= character <= "~" for character in name), "Redis takes no other"
    read = parse_client_name(name)
    assert read is not None
    assert (read.role, read.version) == (role, product_version())
    assert parse_client_id(client_id(command)) == (role, product_version())


@pytest.mark.parametrize("name", ["", "redis-cli", "other/1/2", "thunder-serve", "thunder/1"])
def test_names_of_others_are_none(name: str) -> None:
    assert parse_client_name(name) is None


@pytest.mark.parametrize("text", ["", "thunder", "rdkafka", "other/1", "thunder-serve/1/host-1"])
def test_client_ids_of_others_are_none(text: str) -> None:
    assert parse_client_id(text) is None
