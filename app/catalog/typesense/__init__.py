"""The other engine of searches, where one is configured: a Typesense server and what keeps it up with the library."""
