"""Making segments: what of, by whom, and where they are kept."""
