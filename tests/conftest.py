"""What every test may ask for; each file of fixtures says what it gives."""

import gc
import os
import signal
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest

from app.garbage import COLLECT_AFTER

# No test asserts a time, neither that of a look nor that of making examples. `make test` takes the same examples every
# time; `make fuzz`, which looks for new ones, says what nobody had thought of.
hypothesis.settings.register_profile(
    "unhurried",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    derandomize="REVENGE_TEST_FUZZ" not in os.environ,
)
hypothesis.settings.load_profile("unhurried")

gc.set_threshold(COLLECT_AFTER)

# Whoever forbids Python its caches would have every node of a test compile all files anew, as the Makefile says.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that runs us in the background has told us to ignore Ctrl-C, and our children would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = [
    "tests.fixtures.postgres",
    "tests.fixtures.jobs",
    "tests.fixtures.clients",
    "tests.fixtures.wire",
    "tests.fixtures.shelf",
    "tests.fixtures.accounts",
    "tests.fixtures.web",
    "tests.fixtures.films",
    "tests.fixtures.node",
    "tests.fixtures.command",
    "tests.fixtures.media",
    "tests.fixtures.tree",
    "tests.fixtures.library",
    "tests.fixtures.playback",
    "tests.fixtures.outside",
    "tests.fixtures.finding",
    "tests.fixtures.typesense_bench",
    "tests.fixtures.metadata",
    "tests.fixtures.images",
]


FACES = frozenset({"attacks", "cli", "fuzz", "process", "web"})
"""Folders of tests that ask by a face, or a whole node, what others ask directly."""
SERVERS = frozenset({"catalog/typesense", "db/embedded"})
"""Folders of tests of how other servers are spoken to, or looked after: the system's PostgreSQL is neither."""
FILMS = frozenset(f"playback/test_{name}.py" for name in ("hls", "hostile", "process", "rules", "seeks", "truth"))
"""Files of tests that look at what FFmpeg makes; what they say to the database, the others of playback say as well."""


def pytest_report_header() -> list[str]:
    if not on_the_systems_postgres():
        return []
    left_out = ", ".join(sorted(FACES | SERVERS | FILMS))
    return [
        "on the system's PostgreSQL: what asks one directly, for nothing else can come out otherwise; of whole nodes,",
        f"what is marked every_postgres. Left out, for others send the same statements: {left_out}",
    ]


def on_the_systems_postgres() -> bool:
    return os.environ.get("REVENGE_TEST_POSTGRES") == "system"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let tests of whole nodes come first: each takes long, and at the end one would keep the other process waiting."""
    items.sort(key=lambda item: item.get_closest_marker("process") is None)
    if on_the_systems_postgres():
        asked = [item for item in items if "postgres_binaries" in getattr(item, "fixturenames", ()) and is_asked(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(asked)])
        items[:] = asked


def is_asked(item: pytest.Item) -> bool:
    """Whether a test shows something of the system's PostgreSQL that no other does."""
    if item.get_closest_marker("every_postgres") is not None:
        return True
    path = item.path.relative_to(Path(__file__).parent)
    folders = {path.parts[0], "/".join(path.parts[:2])}
    is_of_nodes = item.get_closest_marker("process") is not None
    return not (is_of_nodes or folders & (FACES | SERVERS) or path.as_posix() in FILMS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make what was captured fit for the wire between the test processes: some tests log what is no text on purpose."""
    report = yield
    report.sections = [(title, text.encode(errors="backslashreplace").decode()) for title, text in report.sections]
    return report
