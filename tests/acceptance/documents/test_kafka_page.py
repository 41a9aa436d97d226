"""The Python of docs/kafka.md, as it is written there."""

import subprocess
import sys
from pathlib import Path

from tests.support.kafka.broker import KafkaBroker
from tests.support.unused import unique

PAGE = Path(__file__).parents[3] / "docs" / "kafka.md"


def test_example_writes_and_reads_a_partition(kafka: KafkaBroker) -> None:
    section = PAGE.read_text(encoding="utf-8").partition("\n## Kafka by hand\n")[2]
    example = section.partition("```python\n")[2].partition("```")[0]
    assert "localhost:9092" in example
    program = example.replace("localhost:9092", kafka.bootstrap).replace("temperatures", unique("temperatures"))
    for ran_before in (False, True):
        done = subprocess.run([sys.executable, "-c", program], text=True, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        offset, values = done.stdout.splitlines()
        assert offset == f"the latest of them has offset {7 if ran_before else 3}"
        assert values == str([b"reset", b"21.5", b"22.0", b"21.0"] * (2 if ran_before else 1))
