"""Real events for the demo: InNetworkEvents in JSON, or a recording of Bluesky's Jetstream, as sources read them.

Enters: a file. Leaves: an EventFeed whose newest event is now, and its viewer.
Invariant: a bad line is listed and drops nothing but itself. Read file, viewer, playback.
"""
