"""What it is: sources, candidates, matching, what is kept of them. Sees library, accounts, jobs and below."""
