"""Pictures: fetched once from where sources say they are, and looked at wherever they are."""
