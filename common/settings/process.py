"""Settings that every role has: HTTP port, log, shutdown."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from common.settings.types import Port, Seconds, Settings, Text


class LogLevel(StrEnum):
    """Least serious line that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """For people, or one JSON object a line."""

    TEXT = "text"
    JSON = "json"


class ProcessSettings(Settings):
    """Process"""

    http_host: Annotated[Text, Field(description="address of /metrics, /healthz and /readyz")] = "0.0.0.0"  # noqa: S104
    http_port: Annotated[Port, Field(description="its port; 0 = any free one")] = 8080
    log_level: Annotated[LogLevel, Field(description="least serious line that is written")] = LogLevel.INFO
    log_format: Annotated[LogFormat, Field(description="how a line is written")] = LogFormat.TEXT
    shutdown_grace_seconds: Annotated[Seconds, Field(description="time to finish what was begun after SIGTERM")] = 20
