"""`thunder demo`: the whole path on one machine, with no server installed and nothing left behind.

Enters: a command line (options) and events, from a synthetic network or a recording. Leaves: a viewer's timeline on a
screen, once or until Ctrl-C.
Invariants: an Environment always stops its processes and removes its folder; the roles are real processes of the
product; events are never sent further ahead of their readers than the embedded Kafka keeps them.
Read main, environment and roles (what runs), session and feeder (what is sent and asked), event_feed (the data between
the rooms recording/, synthetic/ and screens/). Imported on demand.
"""
