"""One section of the tree in each file, in the order of docs/configuration.md."""
