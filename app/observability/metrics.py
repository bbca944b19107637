"""Every metric by name. Labels are bounded (kind, queue, state, outcome, route): never an id, never a path.

A `Metrics` carries a registry of its own, so a test makes one anew and reads only what it caused. The process's own
is `METRICS`; whoever counts takes it as a default.
"""

import math
from bisect import bisect_left
from collections import Counter as Counts
from collections.abc import Iterable, Mapping, Sequence

import prometheus_client
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

NAMESPACE = "revenge"

DURATION_BUCKETS = (0.1, 0.5, 1, 5, 10, 30, 60, 300)
"""Seconds. Part of the metric's contract: dashboards are built on them."""

WAIT_BUCKETS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 3600)
"""Seconds. From a pick-up by notification (about a millisecond) to a queue that is an hour behind."""

BATCH_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)

PROBE_BUCKETS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60)
"""Seconds. Most files take under a millisecond; those that matter here are the others."""

SPEED_BUCKETS = (0.25, 0.5, 0.8, 1, 1.5, 2, 4, 8, 16, 64, 256)
"""Seconds of film a second. Below one, somebody waits in the middle of it."""

HTTP_BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
"""Seconds to the first byte: how long a film is watched says nothing about the server."""

# A second series per counter, which nobody reads.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = CollectorRegistry() if registry is None else registry
        self._add_jobs()
        self._add_queues()
        self._add_library()
        self._add_playback()
        self._add_sources()
        self._add_http()

    def _add_jobs(self) -> None:
        self.jobs_enqueued = self._counter("jobs_enqueued", "Jobs inserted.", "kind", "queue")
        self.jobs_completed = self._counter(
            "jobs_completed",
            "Attempts that ended; status is the state they left the job in, or snoozed or interrupted.",
            "kind",
            "queue",
            "status",
        )
        self.job_duration = self._histogram("job_duration_seconds", "How long attempts took.", DURATION_BUCKETS, "kind")
        self.job_wait = self._histogram(
            "job_wait_seconds", "From when a job could have started to when it did.", WAIT_BUCKETS, "queue"
        )
        self.job_fetch_batch = self._histogram(
            "job_fetch_batch_size", "Jobs claimed by one fetch that found any.", BATCH_BUCKETS, "queue"
        )
        self.job_completion_batch = self._histogram(
            "job_completion_batch_size", "Outcomes written together.", BATCH_BUCKETS
        )

    def _add_queues(self) -> None:
        self.job_queue_depth = self._gauge(
            "job_queue_depth", "Jobs that are not finished. Told by the leader only.", "queue", "state"
        )
        self.job_oldest_available = self._gauge(
            "job_oldest_available_seconds",
            "Age of the oldest job that could start now. Told by the leader only.",
            "queue",
        )
        self.leader = self._gauge("leader", "1 while this node is the one that schedules, rescues and cleans.")

    def _add_library(self) -> None:
        self.scan_files = self._counter("scan_files", "Files that scans met, by what became of them.", "outcome")
        self.scan_phase = self._histogram(
            "scan_phase_seconds", "How long the phases of scans took.", DURATION_BUCKETS, "phase"
        )
        self.probes = self._counter("probes", "Files opened and read, by how it went.", "outcome")
        self.probe_duration = self._histogram("probe_seconds", "How long reading one file took.", PROBE_BUCKETS)
        self.renditions = self._counter("renditions", "Pictures made in another size or format.", "outcome")
        self.rendition_cache = self._counter("rendition_cache", "Renditions asked for, by where they were.", "outcome")

    def _add_playback(self) -> None:
        self.transcode_speed = self._histogram(
            "transcode_speed", "Seconds of film made in a second, by each run of FFmpeg.", SPEED_BUCKETS, "kind"
        )
        self.transcode_aims = self._counter(
            "transcode_aims",
            "Runs of FFmpeg begun: the first of a job, or again, mostly where a viewer went.",
            "reason",
        )
        self.segment_cache = self._gauge("segment_cache_bytes", "What segments take, as this node last saw.")

    def _add_sources(self) -> None:
        self.source_wait = self._histogram(
            "source_wait_seconds", "How long requests to a source waited for their turn.", WAIT_BUCKETS, "source"
        )
        self.source_put_off = self._counter(
            "source_put_off",
            "Requests to a source put off: too many were first (queue), it asked us to wait (asked), or is down.",
            "source",
            "reason",
        )
        self.source_down = self._gauge(
            "source_down",
            "1 while a source is taken to be down (its breaker is open), as this node last saw.",
            "source",
        )

    def _add_http(self) -> None:
        self.http_requests = self._counter("http_requests", "Requests answered.", "method", "route", "status")
        self.http_duration = self._histogram(
            "http_request_seconds", "Until an answer began.", HTTP_BUCKETS, "method", "route"
        )

    def add_process(self) -> None:
        """Tell of the process too: memory, CPU, open files, garbage collection. Once per registry."""
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def show_queues(self, depths: Iterable[tuple[str, str, int]], oldest: Mapping[str, float]) -> None:
        """Replace what is known of all queues: (queue, state, count), and the oldest available job's age in seconds.

        A queue that emptied disappears from the statistics; keeping its last number would show a backlog for ever.
        """
        self.forget_queues()
        for queue, state, count in depths:
            self.job_queue_depth.labels(queue, state).set(count)
        for queue, seconds in oldest.items():
            self.job_oldest_available.labels(queue).set(seconds)

    def forget_queues(self) -> None:
        """Say nothing of queues any more: somebody else is the leader, and two answers would be added up."""
        self.job_queue_depth.clear()
        self.job_oldest_available.clear()

    def exposition(self) -> bytes:
        """Everything, in Prometheus's text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, namespace=NAMESPACE, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, namespace=NAMESPACE, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, text, labels, namespace=NAMESPACE, registry=self.registry, buckets=buckets)


def observe_all(histogram: Histogram, values: Sequence[float]) -> None:
    """Observe many values at once.

    One by one each takes two locks and walks the buckets, about as long as working a job that does nothing. This
    reaches into prometheus-client, which has no such call; a test compares both ways.
    """
    bounds = histogram._upper_bounds  # noqa: SLF001
    for bucket, number in Counts(bisect_left(bounds, value) for value in values).items():
        histogram._buckets[bucket].inc(number)  # noqa: SLF001
    histogram._sum.inc(math.fsum(values))  # noqa: SLF001


METRICS = Metrics()
"""This process's own."""
