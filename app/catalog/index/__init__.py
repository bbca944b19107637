"""What searches and filters look into: one document for each item, written by jobs after the items themselves."""
