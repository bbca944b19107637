"""Every query of the library, by what it is about."""
