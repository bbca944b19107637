"""How often Python looks for garbage, from the first line of a process on."""

COLLECT_AFTER = 10_000
"""New objects between two looks for garbage. Python's 700 is four jobs' worth of a full producer; 10,000 did as well as
20,000 in bench/throughput and holds back a few MiB at most. A start makes hundreds of thousands by importing, and
nearly all stay: with 700 a fifth of its CPU time went into looking."""
