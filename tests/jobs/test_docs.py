"""The programs in the documentation run, and the public face is what it says it is."""

import ast
import inspect
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from dishka import STRICT_VALIDATION, Provider, Scope, make_async_container, provide

import app.jobs
from app.clock import Clock, SystemClock
from app.config import Settings
from app.jobs import Client, InsertOpts, JobArgs
from app.jobs.driver.driver import Driver
from app.jobs.module import JobsModule
from app.observability import Metrics
from tests.fixtures.clients import until_state

DOCUMENT = Path(__file__).parents[2] / "docs" / "jobs.md"


def programs(first: str, last: str) -> list[str]:
    """The Python programs between two headings."""
    text = DOCUMENT.read_text("utf-8")
    section = text[text.index(f"\n{first}\n") : text.index(f"\n{last}\n")]
    return re.findall(r"^```python\n(.*?)^```", section, flags=re.DOTALL | re.MULTILINE)


async def run(program: str, names: dict[str, Any]) -> None:
    code = compile(program, str(DOCUMENT), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    awaited = eval(code, names)
    if inspect.iscoroutine(awaited):
        await awaited


async def test_the_tour_runs(database_url):
    tour = programs("## A tour for who knows River in Go", "### In an application with a container")
    assert len(tour) == 3
    names = {"__name__": "docs_tour", "database_url": database_url}
    try:
        for program in tour:
            await run(program, names)
    finally:  # a tour that stumbles leaves nothing behind either; both do nothing when it has arrived
        await names["client"].stop()
        await names["driver"].close()


class Ground(Provider):
    scope = Scope.APP
    clock = provide(SystemClock, provides=Clock)

    def __init__(self, driver: Driver) -> None:
        super().__init__()
        self._driver = driver

    @provide
    def metrics(self) -> Metrics:
        return Metrics()

    @provide
    def driver(self) -> Driver:
        return self._driver


async def test_a_provider_registers_a_worker_in_five_lines(driver, monkeypatch):
    (program,) = programs("### In an application with a container", "## A tour for who knows Celery")
    names: dict[str, Any] = {"__name__": "docs_container"}
    await run(program, names)
    module = program[program.index("class FilmsModule") :]
    assert len([line for line in module.splitlines() if line.strip()]) <= 5
    fetch: type[JobArgs] = names["FetchArgs"]
    monkeypatch.setattr("app.jobs.module.declared_args", lambda _package: [fetch])

    container = make_async_container(
        Ground(driver),
        JobsModule(work=True),
        names["FilmsModule"](),
        context={Settings: Settings()},
        validation_settings=STRICT_VALIDATION,
    )
    client = await container.get(Client)
    await client.start()
    try:
        inserted = await client.insert(fetch(film=7), InsertOpts(queue="high"))
        await until_state(client, inserted.job.id)
        assert (await container.get(names["Films"])).fetched == [7]
    finally:
        await client.stop()
        await container.close()


# -- the public face


def imported_for_types() -> set[str]:
    tree = ast.parse(Path(app.jobs.__file__).read_text("utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    return {alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}


def test_every_public_name_is_there_and_known_to_type_checkers():
    assert len(set(app.jobs.__all__)) == len(app.jobs.__all__)
    assert imported_for_types() == set(app.jobs.__all__) == set(app.jobs._HOME_OF)
    assert set(app.jobs.__all__) <= set(dir(app.jobs))
    for name in app.jobs.__all__:
        assert getattr(app.jobs, name) is not None


SECTION = re.compile(r"\b(contract|conformance) \d+(\.\d+)?\b")


def described() -> list[str]:
    """The public classes and functions; the others are values, and aliases that say what they are made of."""
    return [name for name in app.jobs.__all__ if isinstance(getattr(app.jobs, name), type | types.FunctionType)]


@pytest.mark.parametrize("name", described())
def test_every_public_name_says_what_it_is_and_which_part_of_rivers_contract_it_fulfils(name):
    public = getattr(app.jobs, name)
    home = sys.modules[public.__module__]

    assert public.__doc__
    assert not public.__doc__.startswith(f"{name}("), "a dataclass' own"
    assert SECTION.search(public.__doc__) or SECTION.search(home.__doc__ or "")


def test_only_values_and_aliases_go_undescribed():
    aliases = {"DoInsert", "DoWork", "Hook", "JobStuckHandler", "Middleware", "Plugin"}
    assert set(app.jobs.__all__) - set(described()) == aliases | {"NO_TIMEOUT", "UNIQUE"}


def test_type_checkers_are_told_that_there_are_types():
    assert (Path(app.jobs.__file__).parents[1] / "py.typed").exists()


def test_what_is_not_public_is_not_there():
    with pytest.raises(AttributeError, match="has no attribute 'Producer'"):
        app.jobs.Producer  # noqa: B018  the look is what raises


def test_every_name_of_the_table_exists():
    """What stands in backquotes on our side and looks like a class is public."""
    text = DOCUMENT.read_text("utf-8")
    table = text[text.index("## Go's names and ours") :]
    ours = [row.split("|")[2] for row in table.splitlines() if row.startswith("| ")]
    named = {name for cell in ours for name in re.findall(r"`([A-Za-z_]+)\b", cell) if name[0].isupper()}
    assert len(named) > 10
    assert named <= {*app.jobs.__all__, "True", "Annotated", "SetCancelled"}


def test_declaring_a_kind_loads_no_client():
    program = (
        "import sys; from app.jobs import JobArgs; "
        "sys.exit('app.jobs.client' in sys.modules or 'psycopg' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
