"""Follow lists that an operator edits or imports, through the same writer as the events of Kafka.

In: lines of a file, or a list of ids. Out: changes in Redis that are visible at once. A bad line costs itself alone.
Read lines (parses), importer (writes lines in batches), editor (reads and changes the list of one viewer).
"""
