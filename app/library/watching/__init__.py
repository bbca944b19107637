"""Hearing of changes on disk: from the system where it tells, by looking now and then where it does not."""
