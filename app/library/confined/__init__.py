"""Processes that open what strangers made, and may die of it: limited, lent one at a time, replaced when they end."""
