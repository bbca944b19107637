"""`python -m bench`, as `make bench` says it."""

from bench.run import main

main()
