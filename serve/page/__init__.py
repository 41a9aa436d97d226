"""The live page of a server: a timeline that fills in before one's eyes, and how the server does beside it."""
