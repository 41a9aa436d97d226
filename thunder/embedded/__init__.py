"""Servers for a machine that has none: for the demo and for tests, never for production. Nothing is kept."""
