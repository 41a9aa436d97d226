"""The layout of Redis and the synchronous way to it.

Enters: posts, follows and statuses as values, on their way to Redis or back. Leaves: keys, members, records and packed
commands as bytes; StoreUnavailable and ConfigurationError as the only errors.

Reading order: `keys` (every key), `member` (a post in a sorted set), `record` (a post by its id), `scripts` (lua/),
`commands` (bytes of a command), `address` (the URL, parsed), `node_client` (TLS and options of every connection),
`topology` (node of a bucket), `client` (runs commands), `layout` (settings of a store), `clock_check` (whether our time
is Redis's), `marks` (how far each bucket is filled), and the status hashes `catch_up`, `worker_status`,
`display_names`.

Invariants: keys of a bucket lie in one slot, so a script touches one node; members compare like (created_at, post_id);
every key has a TTL but the layout, marks and follow lists; exactness comes from comparing times, never from a TTL.
"""
