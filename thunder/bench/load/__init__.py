"""Load on a gRPC server: callers that wait for each answer, or calls at a rate that waits for none.

loops holds both, as coroutines; client runs them in a process of its own, so that they do not compete with what is
measured for one interpreter. Requests and answers are bytes.
"""
