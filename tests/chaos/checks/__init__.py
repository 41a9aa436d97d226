"""A history in, violations of the invariants out.

`checker` has the simple ones; `timeline` goes through the answers in the order of time, with the `fates` of the posts.
These three are pure and tested with histories made by hand. `truth` compares the store at rest with the plain model.
"""
