"""`thunder doctor`: looks at what a role needs, with the role's own settings, and says what to mend."""

import argparse
import json
import logging
from collections.abc import Sequence

from common.errors import ConfigurationError
from thunder.cli.exit_codes import ExitCode
from thunder.cli.roles import read_settings
from thunder.doctor.checks import CHECKS, RoleChecks
from thunder.doctor.finding import Finding, Severity, fail, ok


def main(arguments: Sequence[str]) -> int:
    """Run the command; the exit code: 1 when something is to be mended before the role can work."""
    options, flags = _parser().parse_known_args(arguments)
    logging.disable()  # what libraries say on the way is said again, in a finding
    findings = examine(CHECKS[options.role], flags)
    print(findings_as_json(options.role, findings) if options.json else "\n".join(lines(findings)))
    return ExitCode.FAILED if Severity.FAIL in {finding.verdict for finding in findings} else ExitCode.DONE


def examine(patient: RoleChecks, flags: Sequence[str]) -> list[Finding]:
    """All findings. Blocks for some seconds when servers do not answer."""
    try:
        settings = read_settings(patient.settings, flags)
    except ConfigurationError as error:
        return [fail("Settings", line, "see --help of the role") for line in str(error).splitlines()]
    return [ok("Settings", "can be read"), *patient.examine(settings)]


def lines(findings: Sequence[Finding]) -> list[str]:
    """One for each finding, for people."""
    return [_line(finding) for finding in findings]


def findings_as_json(role: str, findings: Sequence[Finding]) -> str:
    """One object, for programs."""
    return json.dumps({"role": role, "findings": [finding._asdict() for finding in findings]})


def _line(finding: Finding) -> str:
    remedy = f" -> {finding.remedy}" if finding.remedy else ""
    return f"{finding.verdict:4}  {finding.subject}: {finding.fact}{remedy}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="thunder doctor",
        description="Looks at what a role needs and says what to mend: settings, Kafka, topics, Redis, rights, clocks.",
        epilog="All other flags, variables and files are those of the role: thunder ROLE --help shows them.",
        allow_abbrev=False,
    )
    parser.add_argument("--role", required=True, choices=CHECKS, help="whose settings and needs are looked at")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser
