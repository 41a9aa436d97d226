"""Output of the demo: one port, Screen, and its three kinds.

Enters: notes, progress and a TimelineView for each answer. Leaves: text on a console or a pipe (JSON or plain lines).
Invariant: no screen waits or reads input; numbers are wrapped, never cut. Read screen, then lines and terminal.
"""
