"""Events as lines of JSON, from a file or a pipe; recordings of other sources are read the same way.

In: lines, each an InNetworkEvent or a FollowEvent in proto3's JSON. Out: ParsedMessages. A bad line is dropped with its
number and reason; a line of more than 4 MiB is never in memory as a whole. `parse_event_line` and `shifted_times` are
pure.

Read source, then lines, event_lines (what a line means) and shifted_times (a recording moved to another time).
"""
