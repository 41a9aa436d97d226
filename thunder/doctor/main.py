"""`thunder doctor`: checks the dependencies of a role or of all, with their own settings, and says what to fix."""

import json
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

from pydantic import Field

from common.errors import ConfigurationError
from common.settings.flags import FlagParser
from common.settings.loader import check
from common.settings.schema import settings_of
from common.settings.sources import Given
from common.settings.types import CommandOptions, DefaultInWords, Settings, Text
from thunder.cli.exit_codes import ExitCode
from thunder.cli.runner import gather_shared, read_settings
from thunder.doctor.checks import CHECKS, CheckedRole, RoleChecks, checks_of
from thunder.doctor.finding import Finding, Severity, fail, ok


class DoctorOptions(CommandOptions):
    """Doctor"""

    role: Annotated[
        CheckedRole | None,
        Field(description="role whose settings and dependencies are checked"),
        DefaultInWords("all of them"),
    ] = None
    source: Annotated[
        Text | None, Field(description="with --role source: the source whose own settings are checked too")
    ] = None
    as_json: Annotated[bool, Field(alias="json", description="print the findings as one JSON object")] = False


def run_doctor(arguments: Sequence[str]) -> int:
    """Run the command; the exit code: 1 when the role cannot work with what was found. ConfigurationError."""
    given, flags = FlagParser(settings_of(DoctorOptions)).split(arguments)
    options = check(DoctorOptions, given)
    logging.disable()  # the findings repeat what libraries log
    if options.role is None and options.source is None:
        return _check_all(flags, as_json=options.as_json)
    role = options.role or CheckedRole.SOURCE
    findings = check_role(checks_of(role, options.source), flags)
    print(findings_as_json(role, findings) if options.as_json else "\n".join(lines(findings)))
    return _exit_code(findings)


def _check_all(flags: Sequence[str], *, as_json: bool) -> int:
    """Check every role, each with those of the flags that it has."""
    given = gather_shared(flags)
    given.setdefault("kafka_group_id", Given("thunder-doctor", "the doctor"))  # no check depends on it
    found: dict[CheckedRole, list[Finding]] = {}
    for role, checks in CHECKS.items():
        names = {setting.name for setting in settings_of(checks.settings)}
        own = {name: value for name, value in given.items() if name in names}
        found[role] = _findings(checks, partial(check, checks.settings, own))
        if not as_json:
            print("\n".join([f"{role}:", *(f"  {line}" for line in lines(found[role]))]), flush=True)
    if as_json:
        print(json.dumps({"roles": [_as_json(role, findings) for role, findings in found.items()]}))
    return _exit_code([finding for findings in found.values() for finding in findings])


def _exit_code(findings: Sequence[Finding]) -> ExitCode:
    return ExitCode.FAILED if Severity.FAIL in {finding.verdict for finding in findings} else ExitCode.DONE


def check_role(checks: RoleChecks, flags: Sequence[str]) -> list[Finding]:
    """All findings. Blocks for some seconds when servers do not answer."""
    return _findings(checks, partial(read_settings, checks.settings, flags))


def _findings(checks: RoleChecks, read: Callable[[], Settings]) -> list[Finding]:
    try:
        settings = read()
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
    return json.dumps(_as_json(role, findings))


def _as_json(role: str, findings: Sequence[Finding]) -> dict[str, object]:
    return {"role": role, "findings": [finding._asdict() for finding in findings]}


def _line(finding: Finding) -> str:
    remedy = f" -> {finding.remedy}" if finding.remedy else ""
    return f"{finding.verdict:4}  {finding.subject}: {finding.fact}{remedy}"
