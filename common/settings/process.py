"""Settings of every role: HTTP port, log, shutdown."""

from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated

from pydantic import Field

from common.settings.types import Port, Seconds, Settings, Text

ANY_ADDRESS = "::"
"""Every address of the machine, IPv6 and IPv4; IPv4 alone where there is no IPv6."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on the host."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class LogLevel(StrEnum):
    """Lowest level of a log line that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """Plain text, or one JSON object a line."""

    TEXT = "text"
    JSON = "json"


class ProcessSettings(Settings):
    """Process"""

    http_host: Annotated[
        Text,
        Field(
            description="IP address that the HTTP server with /metrics, /healthz and /readyz listens on; "
            ":: = all of IPv6 and IPv4"
        ),
    ] = ANY_ADDRESS
    http_port: Annotated[
        Port, Field(description="port of the HTTP server with /metrics, /healthz and /readyz; 0 = any free port")
    ] = 8080
    log_level: Annotated[LogLevel, Field(description="lowest level of the log lines that are written")] = LogLevel.INFO
    log_format: Annotated[LogFormat, Field(description="format of the log lines")] = LogFormat.TEXT
    shutdown_grace_seconds: Annotated[
        Seconds, Field(description="time limit after SIGTERM to finish requests and batches in progress")
    ] = 20
