"""How it is watched: decision, HLS, transcodes, watch state. Nothing lives here before the first decision does."""
