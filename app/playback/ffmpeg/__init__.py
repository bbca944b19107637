"""FFmpeg: which one, what it can, and running it so that it ends when it should."""
