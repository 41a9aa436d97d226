"""Sources: events from outside Kafka to the refined topic and the topic of follows.

In: Bluesky, Wikipedia, a generated network, or lines of JSON, a subpackage for each. Out: Kafka messages.
Every message is sent, ignored or dropped, and counted under a label of a closed set; a bad one costs itself alone.
A live source resumes right before the oldest event that Kafka has not acknowledged, or, before the first event, from
the time of its connection: nothing is missed, some events may be repeated. Position and counts are stored in Redis; the
source goes on while Redis is unavailable.

Read app, pipeline and runner (the path of a message), message (what a source yields), tracker and statistics (positions
and counts), then catalogue and a subpackage; connection, reader_thread and stream_request are shared by the live
sources.
"""
