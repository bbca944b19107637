"""Who works which kind."""

import pytest

from app.jobs.args import JobArgs
from app.jobs.job import Job
from app.jobs.worker import DuplicateWorker, MissingWorker, Worker, Workers, check_all_worked, declared_args
from tests.fixtures.clients import WorkArgs, WorkFunction, do_nothing


class RenamedArgs(JobArgs, kind="test.renamed"):
    kind_aliases = ("test.old_name",)


class RenamedWorker(Worker[RenamedArgs]):
    async def work(self, job: Job[RenamedArgs]) -> None:
        """Nothing to do."""


class UsurpingArgs(JobArgs, kind="test.old_name"):
    pass


class UsurpingWorker(Worker[UsurpingArgs]):
    async def work(self, job: Job[UsurpingArgs]) -> None:
        """Nothing to do."""


def test_a_worker_takes_its_kind_and_the_names_it_had():
    worker = RenamedWorker()
    workers = Workers([worker, WorkFunction(do_nothing)])
    assert workers.get("test.renamed") is workers.get("test.old_name") is worker
    assert workers.kinds == ("test.old_name", "test.renamed", "test.work")
    assert len(list(workers)) == 2


def test_two_workers_for_one_kind_are_both_named():
    with pytest.raises(DuplicateWorker) as caught:
        Workers([RenamedWorker(), UsurpingWorker()])
    assert "test.old_name" in str(caught.value)
    assert f"{__name__}.RenamedWorker" in str(caught.value)
    assert f"{__name__}.UsurpingWorker" in str(caught.value)


def test_a_worker_that_is_refused_has_none_of_its_kinds():
    usurping = UsurpingWorker()
    workers = Workers([usurping])
    with pytest.raises(DuplicateWorker):
        workers.add(RenamedWorker())
    assert workers.get("test.renamed") is None
    assert workers.get("test.old_name") is usurping


def test_a_kind_nobody_works_is_named_with_its_place():
    with pytest.raises(MissingWorker, match=rf"test\.renamed \({__name__}\.RenamedArgs\)"):
        check_all_worked(Workers([WorkFunction(do_nothing)]), [WorkArgs, RenamedArgs])
    check_all_worked(Workers([WorkFunction(do_nothing), RenamedWorker()]), [WorkArgs, RenamedArgs])


def test_the_kinds_of_a_package_are_found():
    declared = declared_args("tests")
    assert {WorkArgs, RenamedArgs} <= set(declared)
    assert all(args.__module__.startswith("tests.") for args in declared)


def test_the_queues_own_kinds_are_no_domains():
    from app.jobs.bench.bench import BenchmarkArgs

    assert BenchmarkArgs not in declared_args("app")


def test_a_worker_that_inherits_another_may_work_a_kind_of_its_own():
    class Heir(RenamedWorker):
        args_type = WorkArgs

    assert Heir.args_type is WorkArgs
    assert Workers([Heir(), RenamedWorker()]).get("test.work") is not None


def test_args_without_a_kind_are_refused():
    with pytest.raises(TypeError, match="needs a kind"):

        class Nameless(JobArgs):
            pass
