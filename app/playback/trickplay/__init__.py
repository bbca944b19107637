"""Small pictures to be shown while somebody looks for a place in a film: made ahead, from its keyframes alone."""
