import pytest

from common.resources import read_resource


def test_a_file_of_the_repository_is_read_by_its_path() -> None:
    assert "package thunder.v1;" in read_resource("proto/thunder/v1/in_network.proto")


def test_a_file_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        read_resource("lua/no_such_script.lua")
