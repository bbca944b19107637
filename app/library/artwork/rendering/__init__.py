"""Pictures in other sizes and formats, decoded in processes that may die of it."""
