"""Growth of processes over a run."""

import os
import socket
from pathlib import Path

import pytest

from tests.chaos.records.soak import Sample, Soak, growth, sample, slope


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_sockets_and_descriptors_are_counted() -> None:
    before = sample(os.getpid())
    with socket.socket(), Path("/dev/null").open():
        during = sample(os.getpid())
    assert (during.descriptors, during.connections) == (before.descriptors + 2, before.connections + 1)
    assert 1 < during.rss < 10_000


def test_slope_of_a_line() -> None:
    assert slope([0, 1, 2, 3], [5, 7, 9, 11]) == pytest.approx(2)
    assert slope([1], [1]) == 0
    assert slope([1, 1], [1, 2]) == 0


def test_growth_leaves_the_start_out() -> None:
    samples = [Sample(at, 50 + min(at, 25) * 2 + at / 100, 10, 5) for at in range(101)]
    assert growth("worker", samples).rss_per_hour == pytest.approx(36)
    assert growth("worker", samples[:5]).rss_per_hour == 0, "too short"


def test_the_process_that_lived_longest_speaks_for_its_role() -> None:
    soak = Soak()
    for _ in range(3):
        soak.look([("worker", os.getpid())])
    soak.look([("worker", 2**22 + 1)])  # there is none
    [found] = soak.growths()
    assert found.role == "worker"
    assert found.last.rss > 1
