import re
import sys

import pytest
from prometheus_client import Counter, generate_latest

from common.telemetry.process_metrics import process_registry


def test_build_info_names_version_and_what_is_native() -> None:
    text = generate_latest(process_registry("native", "python")).decode()

    labels = r'core="native",decoder="python",python="3\.\d+\.\d+",version="\d+\.\d+\.\d+"'
    assert re.search(rf"^thunder_build_info\{{{labels}\}} 1\.0$", text, re.M)


def test_counters_have_no_created_series() -> None:
    registry = process_registry()
    Counter("events", "Events", registry=registry).inc()

    assert "_created" not in generate_latest(registry).decode()


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
def test_resources_of_the_process_are_exported() -> None:
    value = process_registry().get_sample_value("process_resident_memory_bytes")

    assert value is not None
    assert value > 1_000_000
