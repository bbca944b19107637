"""How many no-op jobs a second one process works, as `river bench` tells it for Go, on tables made for it alone."""

from app.jobs.bench.bench import Bench, BenchConfig, Interval, Summary
from app.jobs.bench.bench_schema import bench_schema

__all__ = ["Bench", "BenchConfig", "Interval", "Summary", "bench_schema"]
