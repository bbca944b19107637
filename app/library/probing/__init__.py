"""Reading what a media file is, in processes that may die of it."""
