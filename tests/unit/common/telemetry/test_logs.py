import io
import json
import logging
import re
from collections.abc import Iterator

import pytest

from common.settings.process import LogFormat, LogLevel
from common.telemetry.logs import configure_logs


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = handlers, level


def written(level: LogLevel, layout: LogFormat) -> list[str]:
    stream = io.StringIO()
    configure_logs(level, layout, stream)
    log = logging.getLogger("thunder.ingest")
    log.debug("too small")
    log.info("Kafka init took %.1fs", 45.24)
    try:
        raise ValueError("bad")
    except ValueError:
        log.exception("It\nbroke")
    return stream.getvalue().splitlines()


def test_text_is_for_people() -> None:
    lines = written(LogLevel.INFO, LogFormat.TEXT)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ INFO thunder\.ingest: Kafka init took 45\.2s", lines[0])
    assert lines[-1] == "ValueError: bad"


def test_json_is_one_object_a_line() -> None:
    info, error = map(json.loads, written(LogLevel.INFO, LogFormat.JSON))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", info.pop("time"))
    assert info == {"level": "info", "logger": "thunder.ingest", "message": "Kafka init took 45.2s"}
    assert error["message"] == "It\nbroke"
    assert error["exception"].endswith("ValueError: bad")


def test_the_level_is_a_setting() -> None:
    assert any("too small" in line for line in written(LogLevel.DEBUG, LogFormat.TEXT))
    assert not any("took" in line for line in written(LogLevel.ERROR, LogFormat.TEXT))
