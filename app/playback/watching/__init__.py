"""Who has seen what, and how far: kept by account and item, never by file."""
