"""Playlists, and where films are cut for them."""
