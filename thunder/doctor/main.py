"""`thunder doctor`: checks the dependencies of a role, with the role's own settings, and says what to fix."""

import json
import logging
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from common.errors import ConfigurationError
from common.settings.flags import FlagParser
from common.settings.loader import check
from common.settings.schema import settings_of
from common.settings.types import CommandOptions, Text
from thunder.cli.exit_codes import ExitCode
from thunder.cli.runner import read_settings
from thunder.doctor.checks import CheckedRole, RoleChecks, checks_of
from thunder.doctor.finding import Finding, Severity, fail, ok


class DoctorOptions(CommandOptions):
    """Doctor"""

    role: Annotated[CheckedRole, Field(description="role whose settings and dependencies are checked")]
    source: Annotated[
        Text | None, Field(description="with --role source: the source whose own settings are checked too")
    ] = None
    as_json: Annotated[bool, Field(alias="json", description="print the findings as one JSON object")] = False


def run_doctor(arguments: Sequence[str]) -> int:
    """Run the command; the exit code: 1 when the role cannot work with what was found. ConfigurationError."""
    given, flags = FlagParser(settings_of(DoctorOptions)).split(arguments)
    options = check(DoctorOptions, given)
    checks = checks_of(options.role, options.source)
    logging.disable()  # the findings repeat what libraries log
    findings = check_role(checks, flags)
    print(findings_as_json(options.role, findings) if options.as_json else "\n".join(lines(findings)))
    return ExitCode.FAILED if Severity.FAIL in {finding.verdict for finding in findings} else ExitCode.DONE


def check_role(checks: RoleChecks, flags: Sequence[str]) -> list[Finding]:
    """All findings. Blocks for some seconds when servers do not answer."""
    try:
        settings = read_settings(checks.settings, flags)
    except ConfigurationError as error:
        return [
            fail("Settings", line, "correct the setting: thunder ROLE --help lists them")
            for line in str(error).splitlines()
        ]
    return [ok("Settings", "can be read"), *checks.run(settings)]


def lines(findings: Sequence[Finding]) -> list[str]:
    """One for each finding, for people."""
    return [_line(finding) for finding in findings]


def findings_as_json(role: str, findings: Sequence[Finding]) -> str:
    """One object, for programs."""
    return json.dumps({"role": role, "findings": [finding._asdict() for finding in findings]})


def _line(finding: Finding) -> str:
    remedy = f" -> {finding.remedy}" if finding.remedy else ""
    return f"{finding.verdict:4}  {finding.subject}: {finding.fact}{remedy}"
