"""Fonts that lie in a film for its styled subtitles: for clients that draw those themselves."""
