"""Commands of operators, beside the roles: dead letters, replays of a group, the status of everything at one glance.

Checked settings enter (common/settings/operations); text or JSON for stdout and an exit code leave. Only two commands
change something, and both say before what they would do (--dry-run): `thunder dead-letters replay` produces messages,
`thunder replay` moves the commits of a group without members. The store in Redis is only read.

Read in this order: letters (pure), letter_commands, letter_replay; group_replay; status_report (pure), status_probe,
status.
"""
