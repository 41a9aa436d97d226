"""`thunder demo`: the whole path on one machine, with nothing installed and nothing left behind. Imported on demand."""
