"""The producer behind every source: a bounded queue on top of librdkafka.

In: items of the caller, by `QueuedProducer.put`. Out: Kafka messages, and one delivery report to the caller for each
item. At most `--queue-size` events are taken in and not acknowledged. Events with the same topic and key arrive in the
order of their put(), single or in envelopes, with any number of workers. Nothing is sent a second time:
librdkafka retries and keeps the order until the delivery timeout; sending again after that would break it.

librdkafka batches, compresses, retries and reports. Added here: the bound in events, envelopes, one message at a time
for `--sending sync`, and an end within bounded time. Threads: put() runs in the caller's and calls librdkafka
directly; one thread for each client collects delivery reports; one more packs envelopes when there are any.

Read queued_producer, then outgoing, delivery_reports, envelopes, partitions, brokers.
"""
