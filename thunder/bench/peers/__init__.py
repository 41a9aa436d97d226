"""Programs that `thunder bench` compares the product with.

naive_server and naive_ingest are what a good engineer writes in an afternoon; empty_server is the floor of the wire,
the least that a call costs. Each is a program of its own, in one file, without the product's read or write path.
"""
