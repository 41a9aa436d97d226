"""Registry of a role's metrics, which begins with those of the process: resources, version, read core."""

import platform
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, disable_created_metrics

NO_CORE = "none"
"""Label of a process that serves no requests."""


def process_registry(core: str = NO_CORE) -> CollectorRegistry:
    """Make a registry with process_* and thunder_build_info. core: the read core that answers requests.

    Also turns off, for the whole process, the *_created series that the library adds to each counter.
    """
    disable_created_metrics()
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    build = Gauge(
        "thunder_build_info",
        "Always 1; the labels say which version of Thunder and Python runs, and which read core answers requests",
        ["version", "python", "core"],
        registry=registry,
    )
    build.labels(version("thunder-redis"), platform.python_version(), core).set(1)
    return registry
