"""The whole wiring, built as the server builds it: a forgotten constructor is found here, not at night."""

from typing import Any

import pytest
from dishka import STRICT_VALIDATION, Provider, Scope, make_async_container, provide

from app.config import Settings
from app.jobs.client import Client
from app.jobs.worker import Worker, Workers
from app.library.jobs import AnalyzeFileArgs, ScanLibraryArgs
from app.library.service import LibraryService
from app.lifecycle import Lifecycle
from app.main import container as composition
from app.main.graph import graph
from app.main.run import serve
from app.web.server import WebServer


async def test_everything_can_be_made_and_nothing_starts_by_being_made():
    container = composition.build_container(Settings(), work=True)
    try:
        client = await container.get(Client)
        web = await container.get(WebServer)
        workers = await container.get(Workers)
    finally:
        await container.close()

    assert not client.is_started
    assert web._serving is None
    assert {ScanLibraryArgs.kind, AnalyzeFileArgs.kind} <= set(workers.kinds)


@pytest.mark.parametrize(("work", "queues"), [(True, {"default", "high", "low", "scheduled"}), (False, set())])
async def test_a_process_that_is_not_to_work_gets_a_client_that_only_inserts(work: bool, queues: set[str]):
    container = composition.build_container(Settings(), work=work)
    try:
        client = await container.get(Client)
    finally:
        await container.close()

    assert set(client.config.queues) == queues
    assert client.only_inserts is not work


async def test_the_library_announces_through_the_container_to_nobody_yet():
    container = composition.build_container(Settings(), work=False)
    try:
        assert isinstance(await container.get(LibraryService), LibraryService)
    finally:
        await container.close()


class SecondScanWorker(Worker[ScanLibraryArgs]):
    async def work(self, job: object) -> None: ...


class SecondScan(Provider):
    scope = Scope.APP
    second = provide(SecondScanWorker, provides=Worker[Any])


async def test_two_workers_for_a_kind_stop_the_start_and_both_are_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(composition, "make_async_container", with_one_more(SecondScan()))

    with pytest.raises(Exception, match=r"two workers for kind library\.scan") as refused:
        await serve(Settings(), work=True)

    assert "app.library.workers.ScanLibraryWorker" in str(refused.value)
    assert "SecondScanWorker" in str(refused.value)


async def test_a_kind_without_a_worker_stops_the_start_and_is_named(monkeypatch: pytest.MonkeyPatch):
    from app.library.module import LibraryModule

    class Forgetful(LibraryModule):
        analyze = None

    monkeypatch.setattr(composition, "LibraryModule", Forgetful)
    with pytest.raises(Exception, match=r"library\.analyze") as refused:
        await serve(Settings(), work=True)

    assert "app.library.jobs.AnalyzeFileArgs" in str(refused.value)


def with_one_more(extra: Provider) -> Any:
    def make(*providers: Provider, **options: Any) -> Any:
        return make_async_container(*providers, extra, **options)

    return make


def test_the_graph_shows_every_worker_and_who_takes_whom():
    picture = graph(Settings())
    nodes = {line.split("[")[0].strip("( "): line for line in picture.splitlines() if line.startswith("    ")}
    by_name = {line.split('"')[1]: name for name, line in nodes.items()}

    assert picture.startswith("flowchart LR\n")
    assert f"  {by_name['LibraryService']} --> {by_name['LibraryScanner']}" in picture or (
        f"  {by_name['LibraryService']} --> {by_name['FilesPhase']}" in picture
    )
    assert f"  {by_name['ScanLibraryWorker as Worker[Any]']} --> {by_name['Sequence[Worker[Any]]']}" in picture
    assert "subgraph library" in picture


def test_strict_validation_is_on():
    """The control: the same container with a constructor missing must not build."""

    class Incomplete(Provider):
        scope = Scope.APP
        service = provide(LibraryService)

    with pytest.raises(Exception, match="Inserter"):
        make_async_container(Incomplete(), context={Lifecycle: None}, validation_settings=STRICT_VALIDATION)
