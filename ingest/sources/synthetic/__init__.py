"""A generated network: few authors are loud and most are quiet, people talk in threads, repost, post videos and delete.

In: the settings (rate, shares, seed). Out: follows, posts and deletes as ParsedMessages. The same seed and times make
the same network. There is no position: each run is a new network. `network` is pure; `source` waits for the clock.
"""
