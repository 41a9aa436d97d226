"""Fixtures of the whole suite. Servers are real, started when a test first asks, and shared by all tests.

kafka          KafkaBroker: bootstrap, sasl_bootstrap, scram_bootstrap, sasl_ssl_bootstrap (HOST:PORT), ca_path,
               create_topic(name, partitions), stop(), kill(), restart(). It is shared: use topics and groups of your
               own (`unique("posts")` from tests.support.unused) and leave it running. Topics are not created by use.
               Its user: SASL_USER and SASL_PASSWORD of tests.support.kafka.broker.
redis_url      URL of an empty Redis; redis_cluster_url: of an empty Redis Cluster of three masters; store_url: both in
               turn, the test runs as [standalone] and [cluster]. A key left without a TTL (but for
               redis.key_leaks.PERMANENT) is an error.
redis_server, redis_cluster: what stands behind the URLs, for fixtures of a wider scope: url, flush(), kill().
thunder        role = thunder.start("serve", "--redis-url", redis_url, env={...}) on free ports, killed after the test;
               role.wait_until_ready(), role.wait_for_output("regular expression"), role.status("/healthz"),
               role.metrics().value("name_total", label="x"), role.ask(GetInNetworkPostsRequest(...)),
               role.send(signal.SIGINT), role.terminate() -> exit code, role.kill().
               thunder.run("query", ...) -> CompletedProcess.
browser        (in tests/acceptance) a Browser of Playwright's synchronous interface, one per module: meanwhile its
               thread has a running event loop, so these tests cannot have one of their own.
built          built(tool) is the path of a tool of tests.support.programs.go_tools.
progress       progress("text") shows a line on the terminal though pytest captures output.

Unit tests run first, the slowest tiers last. Tests that need tools compiled from Go sources, Chromium or promtool
(fixtures built, browser, promtool; marker everything) run only with --everything, and property tests then draw 100
examples, without it 40.

Beside them in tests.support: wait.eventually (never sleep), processes.child.Child (killed when pytest dies),
redis.key_leaks.assert_every_key_has_ttl, processes.descendants.is_running(pid), unused.free_port.
A server that cannot be had skips its tests with the reason; under CI=true every skipped test fails.
"""

# In front of all that it spares.
import tests.support.bytecode  # noqa: F401 # pyright: ignore[reportUnusedImport]

# isort: split
import gc
import os
import sys
import tempfile
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import TypeVar

import pytest
from _pytest.capture import CaptureManager
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from common.errors import ConfigurationError
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.libraries import kafka_libraries
from tests.support.processes.descendants import adopt_orphans, end_descendants
from tests.support.processes.thunder import Thunder
from tests.support.programs.go_tools import GoTool, go_tool
from tests.support.programs.installed import Progress, Unavailable
from tests.support.redis.servers import RedisCluster, RedisServer

T = TypeVar("T")

_TIERS = ("unit", "contract", "integration", "observability", "acceptance", "helm")
_TOOLS = frozenset({"built", "browser", "promtool"})  # fixtures of what is not there without some minutes of building
_left_out = pytest.StashKey[int]()

settings.register_profile("default", deadline=None)  # nothing is asserted of speed: machines are noisy
settings.register_profile("fewer", settings.get_profile("default"), max_examples=40)
settings.load_profile("fewer")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--everything",
        action="store_true",
        help="also run the tests that need tools compiled from Go sources (ten minutes, once), Chromium or promtool",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("everything"):
        settings.load_profile("default")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """With -n each file is for one process, whose servers are its own, and the slowest tiers stay the last."""
    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=_tier)
    if not config.getoption("everything"):
        left_out = [item for item in items if _needs_tools(item)]
        config.hook.pytest_deselected(items=left_out)
        config.stash[_left_out] = len(left_out)
        items[:] = [item for item in items if not _needs_tools(item)]


def pytest_collection_finish() -> None:
    """Spare the collector what lives as long as the run: thousands of tests, and every module."""
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if left_out := config.stash.get(_left_out, 0):
        terminalreporter.write_line(
            f"[tests] left out {left_out} tests (minutes, or tools compiled from Go, Chromium, promtool): --everything"
        )


def _tier(item: pytest.Item) -> int:
    tier = item.path.relative_to(Path(__file__).parent).parts[0]
    return _TIERS.index(tier) if tier in _TIERS else len(_TIERS)


def _needs_tools(item: pytest.Item) -> bool:
    fixtures: Sequence[str] = getattr(item, "fixturenames", ())
    return item.get_closest_marker("everything") is not None or not _TOOLS.isdisjoint(fixtures)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under CI=true a skipped test is a failed one: what cannot run there is not tested anywhere."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped under CI=true: {report.longrepr}"
    return report


@pytest.fixture(scope="session", autouse=True)
def no_leftover_processes() -> Generator[None]:
    adopt_orphans()
    yield
    assert not end_descendants()


@pytest.fixture(scope="session")
def progress(pytestconfig: pytest.Config) -> Progress:
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    reporter = pytestconfig.pluginmanager.getplugin("terminalreporter")
    assert isinstance(capture, CaptureManager)

    def show(line: str) -> None:
        with capture.global_and_fixture_disabled():
            if isinstance(reporter, pytest.TerminalReporter):
                reporter.write_line(f"[tests] {line}", flush=True)
            else:  # a process of -n, which has no terminal
                print(f"[tests] {line}", file=sys.stderr, flush=True)

    return show


@pytest.fixture(scope="session")
def built(progress: Progress) -> Callable[[GoTool], Path]:
    return lambda tool: _started(lambda: go_tool(tool, progress))


@pytest.fixture(scope="session")
def kafka(progress: Progress) -> Generator[KafkaBroker]:
    with tempfile.TemporaryDirectory(prefix="thunder-kafka-") as directory:
        broker = _started(lambda: KafkaBroker(kafka_libraries(progress), Path(directory), progress))
        yield broker
        broker.kill()


@pytest.fixture(scope="session")
def redis_server() -> Generator[RedisServer]:
    with tempfile.TemporaryDirectory(prefix="thunder-redis-") as directory:
        server = _started(lambda: RedisServer(Path(directory)))
        yield server
        server.kill()


@pytest.fixture(scope="session")
def redis_cluster() -> Generator[RedisCluster]:
    with tempfile.TemporaryDirectory(prefix="thunder-redis-cluster-") as directory:
        cluster = _started(lambda: RedisCluster(Path(directory)))
        yield cluster
        cluster.kill()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> Generator[str]:
    yield from _empty(redis_server)


@pytest.fixture
def redis_cluster_url(redis_cluster: RedisCluster) -> Generator[str]:
    yield from _empty(redis_cluster)


@pytest.fixture(params=["standalone", "cluster"])
def store_url(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue("redis_url" if request.param == "standalone" else "redis_cluster_url")


@pytest.fixture
def thunder(tmp_path: Path) -> Generator[Thunder]:
    runner = Thunder(tmp_path)
    yield runner
    runner.close()


def _started(start: Callable[[], T]) -> T:
    try:
        return start()
    except (Unavailable, ConfigurationError) as reason:
        pytest.skip(str(reason))


def _empty(store: RedisServer | RedisCluster) -> Generator[str]:
    store.flush()
    yield store.url
    store.assert_no_key_leaks()
