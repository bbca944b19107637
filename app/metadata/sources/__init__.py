"""One file for each source; `source.py` says what a source is."""
