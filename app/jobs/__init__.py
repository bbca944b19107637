"""River, the PostgreSQL job queue, spoken from Python. The public names are in the modules; start at `client`."""
