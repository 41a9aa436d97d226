"""Probes of a pod, made as Kubernetes makes them, of a role that runs on this machine."""

from collections.abc import Callable
from http import HTTPStatus
from urllib.error import URLError
from urllib.request import urlopen

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from tests.support.chart import Manifest

PROBES = ("startupProbe", "livenessProbe", "readinessProbe")

_encode: Callable[[HealthCheckRequest], bytes] = HealthCheckRequest.SerializeToString


def passes(container: Manifest, probe: str) -> bool:
    """Whether Kubernetes would be content."""
    asked = container[probe]
    if "grpc" in asked:
        return is_healthy(asked["grpc"]["port"], asked["grpc"].get("service", ""))
    (port,) = [port["containerPort"] for port in container["ports"] if port["name"] == asked["httpGet"]["port"]]
    try:
        with urlopen(f"http://127.0.0.1:{port}{asked['httpGet']['path']}", timeout=5) as answer:
            return answer.status == HTTPStatus.OK
    except URLError:
        return False


def is_healthy(port: int, service: str = "") -> bool:
    """Whether gRPC's health service answers in plaintext, and says SERVING."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        check = channel.unary_unary("/grpc.health.v1.Health/Check", _encode, HealthCheckResponse.FromString)
        try:
            answer: HealthCheckResponse = check(HealthCheckRequest(service=service), timeout=5)
        except grpc.RpcError:
            return False
    return answer.status == HealthCheckResponse.SERVING
