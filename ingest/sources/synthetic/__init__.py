"""A network that never was but looks like one: few are loud and most are quiet, people talk in threads, pass on what
others wrote, show videos and change their minds.
"""
