"""Overload protection: which requests are admitted, and in which order admitted requests get the processor.

In: arrivals with their callers and costs, and the steps of admitted requests. Out: admission, or a Rejection with the
time to retry. Invariants: nothing waits for admission; a lone caller is never limited to a share; the queue stands
where its delay can be measured, not inside gRPC; started requests go before new ones. Read admission.py (pure), then
scheduler.py.
"""
