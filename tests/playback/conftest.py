"""Tables for people, of what tests have measured."""

import os
from collections.abc import Sequence

import pytest

from app.playback.decision.plans import AudioPlan, Decision, VideoPlan

ERRORS: dict[tuple[str, str], list[int]] = {}
"""In pictures, for kinds of films and ways of sending them."""

SHOWN: dict[str, tuple[float, float]] = {}
"""How far pictures (in pictures) and tones (in Hz) of whole films were beside the truth at most."""

WHOLE: list[Sequence[str]] = []
"""What a film of minutes is to a client that plays all of it."""

DECISIONS: dict[str, dict[str, Decision]] = {}
"""For kinds of files and clients."""


def _plan(plan: VideoPlan | AudioPlan | None) -> str:
    return "-" if plan is None else plan.codec if plan.action == "copy" else f"made {plan.codec}"


def _decided(decision: Decision) -> Sequence[str]:
    sound = next((plan for plan in decision.audio if plan.selected), None)
    plans = [plan for plan in (decision.video, sound) if plan is not None]
    reasons = [*decision.reasons, *(reason for plan in plans for reason in plan.reasons)]
    why = dict.fromkeys(reason.code for reason in reasons)
    return decision.method, _plan(decision.video), _plan(sound), ", ".join(why) or "-"


def _table(reporter: pytest.TerminalReporter, title: str, columns: Sequence[str], rows: list[Sequence[str]]) -> None:
    if rows:
        lines = ["", f"## {title}", "", " | ".join(columns), "|".join(["---"] * len(columns)), *map(" | ".join, rows)]
        for number, line in enumerate(lines):
            reporter.write_line(f"| {line} |" if number > 2 else line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not os.environ.get("REVENGE_TEST_TABLES"):
        return
    decided = [
        (file, client, *_decided(found)) for file, clients in DECISIONS.items() for client, found in clients.items()
    ]
    columns = ("file", "client", "method", "picture", "sound", "why")
    _table(terminalreporter, "What is decided", columns, decided)
    shown = [(row, f"{pictures:.2f} pictures", f"{tones:.1f} Hz") for row, (pictures, tones) in SHOWN.items()]
    columns = ("film of ten seconds, each segment by a run of its own", "picture, at most", "sound, at most")
    _table(terminalreporter, "Whole films beside the truth", columns, shown)
    columns = ("film of minutes", "way", "segments", "pictures shown", "lacking or twice", "farthest from its time")
    _table(terminalreporter, "Whole films", (*columns, "pieces apart, at most", "sound beside its length"), WHOLE)
    sought = [(*one, " ".join(f"{error:+d}" for error in errors)) for one, errors in sorted(ERRORS.items())]
    _table(terminalreporter, "Where seeks land, in pictures beside the truth", ("film", "way", "errors"), sought)
