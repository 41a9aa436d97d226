"""The commands of README's section on your own Kafka and Redis, as they are written there, and what they print."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.kafka.broker import KafkaBroker
from tests.support.unused import free_port, unique

README = Path(__file__).parents[3] / "README.md"
TOPICS = ("INNETWORK_POST", "TWEET_EVENTS", "FOLLOWS", "DEAD_LETTER")
AGE = re.compile(r"\d+ (s|min)( old)?\b|\bnow\b|\bjust written\b")
SECONDS = re.compile(r"answered in .*")


def test_three_posts_reach_a_query(kafka: KafkaBroker, redis_url: str) -> None:
    section = README.read_text(encoding="utf-8").partition("\n## On your own Kafka and Redis\n")[2]
    commands, printed = re.findall(r"^```(?:sh)?\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)[:2]
    ports = {port: str(free_port()) for port in ("8080", "8082", "50051")}
    for written, meant in {"localhost:9092": kafka.bootstrap, **ports}.items():
        commands = commands.replace(written, meant)
    query = f"thunder query --address localhost:{ports['50051']}"

    done = subprocess.run(
        ["bash", "-eu", "-c", f"trap 'kill $(jobs -p); wait' EXIT\n{commands.replace('thunder query', query)}"],
        env=environment(redis_url, ports["50051"]),
        text=True,
        capture_output=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert timeless(printed) in timeless(done.stdout)


def environment(redis_url: str, grpc_port: str) -> dict[str, str]:
    """Variables for what the commands leave to defaults: ports and topics of other tests, the program to run."""
    topics = {f"THUNDER_{topic}_TOPIC": unique(topic.lower()) for topic in TOPICS}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "THUNDER_REDIS_URL": redis_url, "THUNDER_GRPC_PORT": grpc_port} | topics


def timeless(text: str) -> str:
    """The text without ages and durations, and without the spaces that they are padded with."""
    return re.sub(r" +", " ", SECONDS.sub("answered", AGE.sub("AGE", text)))
