"""Metrics of the comparison of this machine's clock with Redis's, for every role that makes it."""

from prometheus_client import CollectorRegistry, Gauge

from common.store.clock_check import ClockCheck


def register_clock_metrics(registry: CollectorRegistry, role: str, check: ClockCheck) -> None:
    """Export the state of the check under names that begin with the role: one process may have two."""
    lead = Gauge(
        f"{role}_clock_lead_seconds",
        "Seconds that this machine's clock is ahead of Redis's, below zero behind; differences under a second are 0",
        registry=registry,
    )
    lead.set_function(lambda: check.lead)
    disagrees = Gauge(
        f"{role}_clock_disagrees",
        "1 while this machine's clock differs from Redis's by more than clock_skew_seconds: the role is not ready",
        registry=registry,
    )
    disagrees.set_function(lambda: check.disagreement() is not None)
    spread = Gauge(
        f"{role}_redis_clock_spread_seconds",
        "Seconds between the slowest and the fastest clock of Redis's nodes; differences under a second are 0",
        registry=registry,
    )
    spread.set_function(lambda: check.spread)
