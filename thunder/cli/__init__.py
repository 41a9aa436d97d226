"""Command line: one table of commands, one parser, one style of --help.

A command line enters; checked settings go to the function that runs the command, whose exit code leaves (exit_codes).
Errors of ours are lines on stderr, or in the log of a role that has started; none quotes a value that a user wrote.
Options are settings models (common/settings): a parser made from the model reads them and prints the help, so a new
command is a model, a function and an entry in the table. Only what the chosen command needs is imported.

Read in this order: process, commands, main, runner; then a command: query with timeline_output, source, topics, follows
with follow_import.
"""
