"""Real events for the demo: InNetworkEvents as JSON lines, or a recording of Bluesky's Jetstream.

Enters: a file. Leaves: an EventFeed whose newest event is now, and its viewer.
Invariant: a bad line is listed and drops nothing but itself. Read file, viewer, playback.
"""
