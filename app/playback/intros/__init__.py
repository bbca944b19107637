"""What every episode of a season begins and ends with: found by its sound, so that clients can offer to skip it."""
