"""What a run writes, asks and sees, and the history that holds it.

`world` draws events (pure), `load` writes them to Kafka, `readers` ask the servers, `watch` looks at commits, dead
letters and pauses of the machine, `soak` at the processes. All append to the `history`.
"""
