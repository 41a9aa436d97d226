"""`thunder doctor`: whether a role would find what it needs, and what to mend."""
