"""F13: connections to Redis that are cut, half-open, or reset in the middle of a reply."""

from collections.abc import Generator
from contextlib import ExitStack

from tests.chaos.fault import fault
from tests.chaos.run import Run
from tests.support.network.proxy import Link


def _links(run: Run) -> list[Link]:
    return [node.link for node in run.stage.cluster.nodes]


def _some(run: Run) -> list[Link]:
    """Those of one master, or of all nodes. Few clients are connected to a replica."""
    return _links(run) if run.random.random() < 0.4 else [run.random.choice(run.stage.cluster.masters).link]


@fault("F13", "redis-cut", "connections to Redis are reset again and again")
def redis_cut(run: Run) -> Generator[None, None, str]:
    links = _links(run)
    count = 0
    for _ in range(run.random.randint(3, 10)):
        count += sum(link.cut() for link in links)
        run.hold(run.random.uniform(0.1, 0.8))
    yield
    return f"{count} connections reset" if count else ""


@fault("F13", "redis-unreachable", "connections to Redis are reset, and new ones too")
def redis_unreachable(run: Run) -> Generator[None, None, str]:
    links = _some(run)
    before = sum(link.cuts + link.refused for link in links)
    with ExitStack() as meanwhile:
        for link in links:
            meanwhile.enter_context(link.refused_connections())
        yield
    count = sum(link.cuts + link.refused for link in links) - before
    return f"{count} connections reset or refused at {len(links)} of 6 nodes" if count else ""


@fault("F13", "redis-half-open", "connections to Redis stay open and nothing arrives")
def redis_half_open(run: Run) -> Generator[None, None, str]:
    links = _some(run)
    before = sum(link.held for link in links)
    with ExitStack() as meanwhile:
        for link in links:
            meanwhile.enter_context(link.held_still())
        yield
    count = sum(link.held for link in links) - before
    return f"{count} connections held still at {len(links)} of 6 nodes" if count else ""


@fault("F13", "redis-torn", "connections to Redis are reset in the middle of replies")
def redis_torn(run: Run) -> Generator[None, None, str]:
    links = _links(run)
    before = sum(link.torn for link in links)
    for link in links:
        link.tear(run.random.randint(5, 40))
    yield
    for link in links:
        link.tear(0)
    count = sum(link.torn for link in links) - before
    return f"{count} replies cut in two" if count else ""
