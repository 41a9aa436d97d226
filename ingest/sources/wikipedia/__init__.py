"""Wikimedia's recent changes as a source.

In: server-sent events over HTTP. Out: ParsedMessages, each change a post by its author, positioned by the event id.
Changes that are sent again after a reconnect are ignored. `recent_change` and `server_sent_events` are pure.

Read source (the connection), then server_sent_events (bytes to events) and recent_change (what a change means).
"""
