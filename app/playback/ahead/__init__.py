"""What is made before anybody asks for it: what all of it has in common, and who asks for the jobs."""
