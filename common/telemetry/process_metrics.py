"""Registry of a role's metrics, which begins with those of the process: resources, version, read core, decoder."""

import platform
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, disable_created_metrics

NONE = "none"
"""Label of a process that serves no requests, or fills no store with posts."""


def process_registry(core: str = NONE, decoder: str = NONE) -> CollectorRegistry:
    """Make a registry with process_* and thunder_build_info.

    core: the read core that answers requests. decoder: what decodes posts for the store.

    Also turns off, for the whole process, the *_created series that the library adds to each counter.
    """
    disable_created_metrics()
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    build = Gauge(
        "thunder_build_info",
        "Always 1; the labels say which version of Thunder and Python runs, which read core answers requests, "
        "and which decoder fills the store",
        ["version", "python", "core", "decoder"],
        registry=registry,
    )
    build.labels(version("thunder-redis"), platform.python_version(), core, decoder).set(1)
    return registry
