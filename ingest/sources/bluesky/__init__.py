"""Bluesky's Jetstream as a source.

In: lines of JSON over a WebSocket, or of a recording. Out: ParsedMessages; the position is the event time in
microseconds. Ids are made from at-URIs and DIDs. The meaning of a line does not depend on earlier ones. `jetstream` and
`records` are pure.

Read source (the connection), then jetstream (what a line means) and records (what a post, repost or follow means).
"""
