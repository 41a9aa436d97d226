"""Server-sent events over HTTP, for every source whose server sends them.

In: an address and headers. Out: events and signs of life of one connection, in bounded memory, or ConnectionLost. Any
byte of the server, also of a comment, shows that it is alive. Read connection, then decoder (pure).
"""
