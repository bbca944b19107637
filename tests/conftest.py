"""What every test may ask for; each file of fixtures says what it gives."""

import os
import signal
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("unhurried", deadline=None)  # no test asserts a time
hypothesis.settings.load_profile("unhurried")

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


FACES = {"attacks", "cli", "fuzz", "web"}
"""Folders of tests that ask by a face what others ask directly."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On the system's PostgreSQL repeat what asks one anything itself: nothing else can come out otherwise."""
    if os.environ.get("REVENGE_TEST_POSTGRES") != "system":
        return
    here = Path(__file__).parent
    asked = [
        item
        for item in items
        if "postgres_binaries" in getattr(item, "fixturenames", ())
        and item.path.relative_to(here).parts[0] not in FACES
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(asked)])
    items[:] = asked


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make what was captured fit for the wire between the test processes: some tests log what is no text on purpose."""
    report = yield
    report.sections = [(title, text.encode(errors="backslashreplace").decode()) for title, text in report.sections]
    return report
