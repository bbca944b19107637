"""Tables for people, of what tests have measured."""

import os

import pytest

ERRORS: dict[tuple[str, str], list[int]] = {}
"""In pictures, for kinds of films and ways of sending them."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if ERRORS and os.environ.get("REVENGE_TEST_TABLES"):
        terminalreporter.section("where seeks land, in pictures beside the truth")
        for (name, way), errors in sorted(ERRORS.items()):
            terminalreporter.write_line(f"| {name} | {way} | {' '.join(f'{error:+d}' for error in errors)} |")
