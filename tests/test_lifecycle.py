"""fx's lifecycle: order, timeouts, roll-back, a stop that goes on, and signals as `make` really delivers them."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from app.lifecycle import Hook, Interrupted, Lifecycle, Service, StartFailed, settle_memory


class Log(list[str]):
    def hook(self, name: str, *, start_fails: Exception | None = None, stop_fails: Exception | None = None) -> Hook:
        async def start() -> None:
            self.append(f"+{name}")
            if start_fails:
                raise start_fails

        async def stop() -> None:
            self.append(f"-{name}")
            if stop_fails:
                raise stop_fails

        return Hook(name, start, stop)


async def test_hooks_start_in_order_and_stop_in_reverse():
    log = Log()
    lifecycle = Lifecycle()
    for name in "abc":
        lifecycle.append(log.hook(name))

    await lifecycle.start()
    await lifecycle.stop()

    assert log == ["+a", "+b", "+c", "-c", "-b", "-a"]


async def test_a_failed_start_rolls_back_what_had_started_and_not_the_failed_hook():
    log = Log()
    lifecycle = Lifecycle()
    lifecycle.append(log.hook("a"))
    lifecycle.append(log.hook("b", stop_fails=ValueError("b hangs on")))
    lifecycle.append(log.hook("c", start_fails=OSError("no port")))
    lifecycle.append(log.hook("d"))

    with pytest.raises(StartFailed, match="c did not start: no port") as failed:
        await lifecycle.start()

    assert log == ["+a", "+b", "+c", "-b", "-a"]
    assert [str(err) for err in failed.value.rollback_errors] == ["b hangs on"]


async def test_a_hook_that_hangs_is_given_up_and_named():
    log = Log()
    lifecycle = Lifecycle()
    lifecycle.append(log.hook("a"))
    lifecycle.append(Hook("slow", asyncio.Event().wait, start_timeout=0.01))

    with pytest.raises(StartFailed, match="slow did not start: took too long"):
        await lifecycle.start()

    assert log == ["+a", "-a"]


async def test_the_total_bounds_the_start():
    lifecycle = Lifecycle(start_timeout=0.01)
    lifecycle.append(Hook("slow", asyncio.Event().wait))

    with pytest.raises(StartFailed, match="slow"):
        await lifecycle.start()


async def test_stop_goes_on_past_errors_and_hanging_hooks_and_tells_them_all():
    log = Log()
    lifecycle = Lifecycle(stop_timeout=0.01)
    lifecycle.append(log.hook("a"))
    lifecycle.append(Hook("hanging", on_stop=asyncio.Event().wait, stop_timeout=0.01))
    lifecycle.append(log.hook("c", stop_fails=ValueError("c")))
    await lifecycle.start()

    with pytest.raises(ExceptionGroup) as stopped:
        await lifecycle.stop()

    assert log == ["+a", "+c", "-c", "-a"]
    assert [type(err) for err in stopped.value.exceptions] == [ValueError, TimeoutError]


async def test_stop_may_come_unstarted_and_twice():
    log = Log()
    lifecycle = Lifecycle()
    lifecycle.append(log.hook("a"))
    await lifecycle.stop()
    await lifecycle.start()
    await lifecycle.stop()
    await lifecycle.stop()

    assert log == ["+a", "-a"]


async def test_cancelling_the_stopper_does_not_leave_half_of_it_running():
    log = Log()
    lifecycle = Lifecycle()
    lifecycle.append(log.hook("a"))
    may_stop = asyncio.Event()
    stopping = asyncio.Event()

    async def slow_stop() -> None:
        stopping.set()
        await may_stop.wait()

    lifecycle.append(Hook("slow", on_stop=slow_stop))
    await lifecycle.start()
    stopper = asyncio.create_task(lifecycle.stop())
    await stopping.wait()
    stopper.cancel()
    await asyncio.sleep(0)
    may_stop.set()
    await asyncio.wait({stopper})

    assert log == ["+a", "-a"]


async def test_run_stops_on_a_signal():
    log = Log()
    lifecycle = Lifecycle()
    lifecycle.append(log.hook("a"))

    async def signal_ourselves() -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    lifecycle.append(Hook("signal", signal_ourselves))
    await lifecycle.run()

    assert log == ["+a", "-a"]


async def test_a_signal_while_starting_rolls_back():
    log = Log()
    lifecycle = Lifecycle()
    lifecycle.append(log.hook("a"))

    async def signal_and_hang() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()

    lifecycle.append(Hook("hanging", signal_and_hang))
    with pytest.raises(Interrupted, match="SIGINT"):
        await lifecycle.run()

    assert log == ["+a", "-a"]


async def test_a_failure_that_asked_for_the_stop_is_raised_after_it():
    log = Log()
    lifecycle = Lifecycle()
    lifecycle.append(log.hook("a"))

    async def fail_later() -> None:
        lifecycle.shutdown(OSError("disk gone"))

    lifecycle.append(Hook("failing", fail_later))
    with pytest.raises(OSError, match="disk gone"):
        await lifecycle.run()

    assert log == ["+a", "-a"]


SIGNALLED = """
    import asyncio, structlog, sys
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    from app import lifecycle
    lifecycle.DOUBLED_SIGNAL_WINDOW = float(sys.argv[1])
    async def slow_stop():
        print("stopping", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        print("stopped", flush=True)
    async def started():
        print("started", flush=True)
    async def main():
        running = lifecycle.Lifecycle()
        running.append(lifecycle.Hook("slow", started, slow_stop))
        await running.run()
    asyncio.run(main())
"""


def run_signalled(window: float) -> subprocess.Popen[str]:
    code = textwrap.dedent(SIGNALLED)
    return subprocess.Popen(
        [sys.executable, "-c", code, str(window)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_one_signal_delivered_twice_counts_once():
    """`make` passes SIGTERM on, and the process group has had it already."""
    with run_signalled(window=60) as process:
        assert process.stdout.readline() == "started\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "stopping\n"
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate("go on\n", timeout=120)

    assert out == "stopped\n"
    assert process.returncode == 0


def test_a_second_signal_ends_the_process_at_once():
    with run_signalled(window=0) as process:
        assert process.stdout.readline() == "started\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "stopping\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == -signal.SIGTERM


class Ticking(Service):
    def __init__(self) -> None:
        super().__init__()
        self.prepared = self.finished = 0

    async def prepare(self) -> None:
        self.prepared += 1

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def finish(self) -> None:
        self.finished += 1


async def test_a_service_survives_ten_tasks_that_start_and_stop_it_fifty_times():
    service = Ticking()

    async def stress() -> None:
        for _ in range(50):
            await service.start()
            await service.stop()

    async with asyncio.TaskGroup() as group:
        for _ in range(10):
            group.create_task(stress())

    assert not service.is_running
    assert service.prepared == service.finished > 0
    assert {task for task in asyncio.all_tasks() if task.get_name() == "Ticking"} == set()


class Reluctant(Ticking):
    """Takes its time to end, as a statement does that is given up behind a silent wire."""

    def __init__(self) -> None:
        super().__init__()
        self.loops = self.most_loops = 0
        self.is_cancelled = asyncio.Event()
        self.may_end = asyncio.Event()

    async def run(self) -> None:
        self.loops += 1
        self.most_loops = max(self.loops, self.most_loops)
        try:
            await super().run()
        finally:
            self.is_cancelled.set()
            await self.may_end.wait()
            self.loops -= 1


async def cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()


async def stop_and_lose_patience(service: Reluctant) -> None:
    stopper = asyncio.create_task(service.stop())
    await service.is_cancelled.wait()
    await cancel(stopper)


async def leave(service: Reluctant) -> None:
    service.leave()
    await service.is_cancelled.wait()


@pytest.mark.parametrize("end", [stop_and_lose_patience, leave])
@pytest.mark.parametrize("again", [Service.start, Service.stop])
async def test_a_loop_that_nobody_waited_for_is_seen_out_by_the_next_start_or_stop(end, again):
    service = Reluctant()
    await service.start()
    await asyncio.sleep(0)
    await end(service)
    assert (service.loops, service.finished) == (1, 0)

    following = asyncio.create_task(again(service))
    service.may_end.set()
    await following

    assert (service.prepared, service.finished) == (2 if again is Service.start else 1, 1)
    assert service.is_running == (again is Service.start)
    await asyncio.sleep(0)
    await service.stop()
    assert (service.loops, service.most_loops) == (0, 1)
    assert service.prepared == service.finished


async def test_a_stop_that_is_cancelled_again_and_again_ends_the_service_once():
    service = Reluctant()
    await service.start()
    await asyncio.sleep(0)
    for _ in range(3):
        await stop_and_lose_patience(service)
    service.may_end.set()
    await service.stop()
    assert (service.prepared, service.finished, service.loops) == (1, 1, 0)


async def test_a_service_that_is_left_while_it_is_asked_to_stop_ends_once():
    class Asked(Ticking):
        is_asked, may_go_on = asyncio.Event(), asyncio.Event()

        async def ask_to_stop(self) -> None:
            self.is_asked.set()
            await self.may_go_on.wait()

    service = Asked()
    await service.start()
    stopper = asyncio.create_task(service.stop())
    await service.is_asked.wait()
    service.leave()
    while service.finished == 0:  # noqa: ASYNC110  the end runs by itself, and nobody signals it
        await asyncio.sleep(0)
    service.may_go_on.set()
    await stopper
    assert (service.prepared, service.finished) == (1, 1)


async def test_a_failing_end_is_told_to_whoever_comes_next():
    class Failing(Reluctant):
        async def finish(self) -> None:
            raise OSError("disk gone")

    service = Failing()
    await service.start()
    await asyncio.sleep(0)
    await stop_and_lose_patience(service)
    following = asyncio.create_task(service.start())
    await asyncio.sleep(0)
    service.may_end.set()
    with pytest.raises(OSError, match="disk gone"):
        await following


async def test_ten_tasks_that_lose_patience_leave_one_loop_at_most():
    service = Reluctant()
    service.may_end.set()

    async def stress() -> None:
        for _ in range(50):
            await service.start()
            stopper = asyncio.create_task(service.stop())
            await asyncio.sleep(0)
            stopper.cancel()
            await asyncio.wait({stopper})

    async with asyncio.TaskGroup() as group:
        for _ in range(10):
            group.create_task(stress())
    await service.stop()

    assert (service.loops, service.most_loops) == (0, 1)
    assert service.prepared == service.finished > 0


@pytest.fixture
def collector():
    """The garbage collector as it is, given back as it was."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@pytest.mark.usefixtures("collector")
async def test_what_the_start_has_built_is_not_looked_through_again():
    built = [[]]
    await settle_memory()
    assert gc.get_freeze_count() > 0
    assert not any(one is built for one in gc.get_objects())
    later = [[]]
    assert any(one is later for one in gc.get_objects())
