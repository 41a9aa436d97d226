"""`thunder status`: everything at one glance."""

import json
import logging

from common.settings.operations import StatusSettings
from thunder.cli.exit_codes import ExitCode
from thunder.operations.status_probe import probe_status
from thunder.operations.status_report import attention, status_as_json, status_lines


def show_status(settings: StatusSettings) -> int:
    """Run the command; the exit code: FAILED when something needs attention or does not answer."""
    logging.disable()  # the status repeats what libraries log
    status = probe_status(settings)
    print(json.dumps(status_as_json(status)) if settings.as_json else "\n".join(status_lines(status)))
    return ExitCode.FAILED if attention(status) else ExitCode.DONE
