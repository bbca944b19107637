"""How a file is played on a client: decided by facts alone, with the reasons in words."""
