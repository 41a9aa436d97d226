"""The jars of Apache Kafka, fetched once per user by Maven."""

import hashlib
import shutil
from pathlib import Path

from tests.support.programs.installed import Progress, program, run_visibly
from tests.support.programs.user_cache import one_at_a_time, user_cache

_POM = Path(__file__).with_name("pom.xml")


def kafka_libraries(progress: Progress) -> Path:
    """Return the folder of the jars that kafka/pom.xml asks for; the first call fetches 43 MB. Raises Unavailable."""
    fingerprint = hashlib.sha256(_POM.read_bytes()).hexdigest()[:12]
    libraries = user_cache() / f"kafka-{fingerprint}"
    with one_at_a_time(libraries.with_suffix(".lock")):
        if not libraries.exists():
            _fetch(libraries, progress)
    return libraries


def _fetch(libraries: Path, progress: Progress) -> None:
    program("java", "default-jre-headless", progress)
    maven = program("mvn", "maven", progress)
    progress("fetching Apache Kafka with Maven (43 MB, once)")
    unfinished = libraries.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={unfinished}"]
    run_visibly([maven, "--batch-mode", "-Dstyle.color=never", "--file", _POM, *goal], progress)
    unfinished.rename(libraries)
    progress(f"Apache Kafka is in {libraries}")
