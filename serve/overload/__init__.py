"""Overload protection: which requests are admitted, and in which order admitted requests get the processor.

In: arrivals with their callers and costs, and the steps of admitted requests. Out: admission, or a Rejection with the
time to retry. Invariants: nothing waits for admission; a lone caller is never limited to a share; the queue stands
where its delay can be measured, not inside gRPC; callers who wait for each other get equal time, and wait here
instead of in Redis; a slot is held until Redis has answered. Read admission.py and fair_queue.py (pure), then
scheduler.py and slot.py.
"""
