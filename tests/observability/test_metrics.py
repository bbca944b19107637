import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.observability import METRICS, Metrics, observe_all
from app.observability.metrics import DURATION_BUCKETS


@pytest.fixture
def metrics():
    return Metrics()


def samples(metrics):
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        (sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_the_promised_names_labels_and_buckets(metrics):
    metrics.jobs_enqueued.labels(kind="library.scan", queue="default").inc(3)
    metrics.jobs_completed.labels(kind="library.scan", queue="default", status="completed").inc()
    metrics.job_duration.labels(kind="library.scan").observe(0.3)
    metrics.job_queue_depth.labels(queue="default", state="available").set(7)

    found = samples(metrics)

    assert found["revenge_jobs_enqueued_total", "kind=library.scan", "queue=default"] == 3
    assert found["revenge_jobs_completed_total", "kind=library.scan", "queue=default", "status=completed"] == 1
    assert found["revenge_job_queue_depth", "queue=default", "state=available"] == 7
    buckets = {
        key[2].removeprefix("le="): value
        for key, value in found.items()
        if key[0] == "revenge_job_duration_seconds_bucket"
    }
    assert buckets == {"0.1": 0, "0.5": 1, "1.0": 1, "5.0": 1, "10.0": 1, "30.0": 1, "60.0": 1, "300.0": 1, "+Inf": 1}
    assert DURATION_BUCKETS == (0.1, 0.5, 1, 5, 10, 30, 60, 300)


def test_two_sets_in_one_process_do_not_meet(metrics):
    other = Metrics()
    other.leader.set(1)

    assert samples(metrics)["revenge_leader",] == 0
    assert samples(other)["revenge_leader",] == 1
    assert METRICS.registry is not metrics.registry


def test_every_name_is_ours_and_no_label_can_be_an_id(metrics):
    """An id or a path as a label makes a new series for each: the end of every metrics server."""
    allowed = {"kind", "queue", "state", "status", "outcome", "phase", "method", "route", "source", "reason"}
    for family in metrics.registry.collect():
        assert family.name.startswith("revenge_")
    for metric in vars(metrics).values():
        assert set(getattr(metric, "_labelnames", ())) <= allowed


def test_an_emptied_queue_disappears(metrics):
    metrics.show_queues([("default", "available", 5), ("low", "retryable", 1)], {"default": 12.5})
    metrics.show_queues([("low", "retryable", 2)], {})

    found = {key: value for key, value in samples(metrics).items() if "queue=" in "".join(key)}

    assert found == {("revenge_job_queue_depth", "queue=low", "state=retryable"): 2}


def test_a_node_that_lost_the_lead_says_nothing_of_queues(metrics):
    metrics.show_queues([("default", "available", 5)], {"default": 1})
    metrics.forget_queues()

    assert not [key for key in samples(metrics) if "queue" in key[0]]


def test_the_process_can_be_told_of(metrics):
    metrics.add_process()

    assert samples(metrics)["process_resident_memory_bytes",] > 0


def test_many_values_at_once_count_as_one_by_one():
    """`observe_all` reaches into prometheus-client: this is what would notice a change of its insides."""
    values = [0, 0.05, 0.1, 0.1000001, 0.5, 2, 299, 300, 301, 10_000]
    at_once, singly = Metrics(), Metrics()

    observe_all(at_once.job_duration.labels(kind="k"), values)
    for value in values:
        singly.job_duration.labels(kind="k").observe(value)

    assert samples(at_once) == samples(singly)
    assert samples(at_once)["revenge_job_duration_seconds_count", "kind=k"] == len(values)
