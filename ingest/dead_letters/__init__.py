"""Malformed messages: writer sends them to the dead-letter topic and logs them, limits stops a worker with too many.

In: messages that did not decode. Out: records with topic, partition, offset, reason, size and hash of the whole, and at
most 64 kB of the payload. Nothing is committed past a message before its dead letter is acknowledged.
"""
