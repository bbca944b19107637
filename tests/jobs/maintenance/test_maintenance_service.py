"""What all of the leader's services do alike."""

import asyncio

import pytest

from app.jobs.maintenance.maintainer import Maintainer
from app.jobs.maintenance.maintenance_service import BATCH, REDUCED_BATCH, BatchSize, MaintenanceService


class Step(MaintenanceService):
    interval = 0.001
    start_delay = 0.0

    def __init__(self, may_run=lambda: True) -> None:
        super().__init__(may_run)
        self.steps = 0
        self.failures = 0
        self.stepped.init()

    async def run_once(self) -> None:
        self.steps += 1
        if self.failures:
            self.failures -= 1
            raise RuntimeError("this time")


async def test_it_steps_at_once_and_again_and_survives_a_failing_step():
    service = Step()
    service.failures = 2
    await service.start()
    await service.stepped.wait()
    await service.stepped.wait()
    await service.stop()
    assert service.steps >= 4


async def test_nothing_is_done_without_a_lease_to_be_trusted():
    asked = asyncio.Event()

    def may_run() -> bool:
        asked.set()
        return False

    service = Step(may_run)
    await service.start()
    await asked.wait()
    await service.stop()
    assert service.steps == 0


async def slow(_limit: int) -> None:
    raise TimeoutError


async def quick(limit: int) -> int:
    return limit


async def test_three_timeouts_in_a_row_shrink_the_batches_for_good():
    batch = BatchSize()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await batch.run(slow)
    assert await batch.run(quick) == BATCH  # a success begins the count anew
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await batch.run(slow)
    assert await batch.run(quick) == REDUCED_BATCH


async def test_timeouts_far_apart_do_not_add_up(monkeypatch):
    batch = BatchSize()
    loop = asyncio.get_running_loop()
    for _ in range(5):
        with pytest.raises(TimeoutError):
            await batch.run(slow)
        batch._timeouts = [at - 601 for at in batch._timeouts]
    assert loop.is_running()
    assert batch.limit == BATCH


class Unstartable(Step):
    async def prepare(self) -> None:
        raise RuntimeError("never")


async def test_all_services_run_or_none():
    first, second = Step(), Unstartable()
    with pytest.raises(RuntimeError):
        await Maintainer([first, second]).start()
    assert not first.is_running


async def test_a_start_that_is_cancelled_leaves_nothing_running_for_long():
    hanging = asyncio.Event()

    class Hanging(Step):
        async def prepare(self) -> None:
            hanging.set()
            await asyncio.Event().wait()

    first = Step()
    maintainer = Maintainer([first, Hanging()])
    starting = asyncio.create_task(maintainer.start())
    await hanging.wait()
    starting.cancel()
    await asyncio.wait({starting})
    await maintainer.stop()
    assert starting.cancelled()
    assert not first.is_running


class Unstoppable(Step):
    async def finish(self) -> None:
        raise RuntimeError("never")


async def test_one_that_does_not_stop_cleanly_keeps_nobody_from_stopping():
    first, second = Unstoppable(), Step()
    maintainer = Maintainer([first, second])
    await maintainer.start()
    with pytest.raises(ExceptionGroup, match="did not stop cleanly"):
        await maintainer.stop()
    assert not second.is_running


async def test_ten_tasks_starting_and_stopping_fifty_times_leave_nothing():
    maintainer = Maintainer([Step(), Step()])

    async def stress() -> None:
        for _ in range(50):
            await maintainer.start()
            await maintainer.stop()

    await asyncio.gather(*(stress() for _ in range(10)))
    assert not any(service.is_running for service in maintainer.services)
