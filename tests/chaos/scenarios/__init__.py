"""Scenarios: functions of a Run under a name, e.g. for a Redis that comes back with less than it had.

Each module is found without being listed. A scenario may use a Redis of its own (make_store of the decorator).
"""
