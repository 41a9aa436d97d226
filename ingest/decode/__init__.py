"""Payloads to events: total functions that return an event, Ignored or Dropped, or raise Malformed. Pure.

Invariants: the work is linear in the payload and nothing is allocated for a claimed size. A field of another type than
declared is skipped, never misread. An error names the shape of a value, not its content.

Read formats (what a topic holds), framing (headers and envelopes), then a decoder: refined_event, follow_event, or
tweet_transform (the transformer's rules) over tweet_event (fields), thrift_struct and thrift_protocol (the reader).
create_rules decides which creates the store takes; row_decoder is the short way of plain ones into rows.
"""
