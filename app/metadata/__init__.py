"""What it is: sources, candidates, matching. Nothing lives here before the first source does."""
