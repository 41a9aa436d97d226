from pathlib import Path

import pytest

from thunder.demo.options import Options, read_options


def test_nothing_needs_to_be_said() -> None:
    assert read_options([]) == Options(
        events=None, once=False, json=False, empty=False, grpc_port=0, http_port=0, seed=7
    )


def test_everything_can_be_said() -> None:
    line = "--events f.jsonl --once --json --grpc-port 1 --http-port 65535 --seed 3"

    assert read_options(line.split()) == Options(Path("f.jsonl"), True, True, False, 1, 65535, 3)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("--empty --events f", "not allowed with"),
        ("--empty --once", "--once waits for an answer"),
        ("--grpc-port 65536", "'65536' is not a port"),
        ("--http-port -1", "'-1' is not a port"),
        ("--grpc-port ²", "is not a port"),
        ("--seed x", "invalid int"),
        ("--event f", "unrecognized"),
    ],
)
def test_what_makes_no_sense_is_refused(line: str, complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read_options(line.split())

    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err
