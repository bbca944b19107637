"""Tables for people, of what tests have measured."""

import os
from collections.abc import Sequence

import pytest

from app.playback.decision.plans import AudioPlan, Decision, VideoPlan

ERRORS: dict[tuple[str, str], list[int]] = {}
"""In pictures, for kinds of films and ways of sending them."""

SHOWN: dict[str, tuple[float, float]] = {}
"""How far pictures (in pictures) and tones (in Hz) of whole films were beside the truth at most."""

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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if DECISIONS and os.environ.get("REVENGE_TEST_TABLES"):
        terminalreporter.section("what is decided")
        for name, decisions in DECISIONS.items():
            for client, decision in decisions.items():
                terminalreporter.write_line(f"| {name} | {client} | {' | '.join(_decided(decision))} |")
    if SHOWN and os.environ.get("REVENGE_TEST_TABLES"):
        terminalreporter.section("whole films, each segment made by a run of its own: the most beside the truth")
        for name, (pictures, tones) in SHOWN.items():
            terminalreporter.write_line(f"| {name} | {pictures:.2f} pictures | {tones:.1f} Hz |")
    if ERRORS and os.environ.get("REVENGE_TEST_TABLES"):
        terminalreporter.section("where seeks land, in pictures beside the truth")
        for (name, way), errors in sorted(ERRORS.items()):
            terminalreporter.write_line(f"| {name} | {way} | {' '.join(f'{error:+d}' for error in errors)} |")
