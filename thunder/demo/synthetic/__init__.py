"""A synthetic network for the demo: the same seed gives the same people, follows and posts.

Enters: a seed and the time. Leaves: an endless EventFeed of raw tweets. Pure. Read network, feed, raw_tweets.
"""
