"""A picture for each chapter of a film: made ahead, at the place where the chapter has begun."""
