"""Events from Kafka, decoded and written to Redis or to the refined topic; and sources that feed Kafka.

In: messages of the raw topic (Thrift), the refined topic or the topic of follows (protobuf). Out: posts and follow
lists in Redis, or events in the refined topic; malformed messages in the dead-letter topic; commits of the group.

Invariants: offsets are committed last, after the sink and the dead-letter topic have acknowledged. Writing an event
again changes nothing, so a crash at any moment costs a replay and no event. One malformed message costs no other.

Read loop (the order of effects), batch, events and post_row (its nouns), then the rooms: kafka reads, decode decodes,
write and dead_letters write. worker runs loops in threads, wiring builds one, app makes the roles. follows edits follow
lists by hand; sources produce events from elsewhere.
"""
