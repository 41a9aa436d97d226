"""The live page of a server: a viewer's timeline and the server's figures, refreshed by the browser.

In: HTTP requests on the port of the metrics, in a thread of their own. Out: static files and JSON. Invariants: the page
reads timelines through the same admission, deadline and metrics as every caller (timeline_client.py); it is shown only
while the server serves and only if its setting says so; its reads of Redis never delay serving. Read app.py first, then
live_page.py; timeline_json.py and figures.py are pure.
"""
