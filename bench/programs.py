"""How each peer's process is started, and what has to be made first: built from source, installed in a place apart."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MADE = ROOT / "build" / "bench"
"""Kept between runs; `make clean` removes it."""

RIVER_GO = Path(__file__).with_name("peers") / "river_go"
REQUIREMENTS = Path(__file__).with_name("peers") / "requirements.txt"


class Unavailable(Exception):
    """A peer cannot take part here. The others can."""


def _our_python(peer: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "bench.child", peer)


def _their_python(peer: str) -> tuple[str, ...]:
    """Return the command in an environment with the pinned peers, made anew whenever the pins have changed."""
    place = MADE / f"python-{hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]}"
    python = place / "bin" / "python"
    if not (place / "complete").exists():
        _do(f"installing {peer} and its kind", sys.executable, "-m", "venv", "--clear", place)
        _do(f"installing {peer} and its kind", python, "-m", "pip", "install", "--quiet", "-r", REQUIREMENTS)
        (place / "complete").touch()
    return (str(python), "-m", "bench.child", peer)


def _river_go(_peer: str) -> tuple[str, ...]:
    """Return the program; Go itself finds out whether it must be built anew."""
    if shutil.which("go") is None:
        raise Unavailable("there is no Go here to build River with")
    program = MADE / "river_go"
    _do("building River", "go", "build", "-C", RIVER_GO, "-o", program, ".")
    return (str(program),)


def _do(what: str, *command: str | Path) -> None:
    print(f"  {what} …", flush=True)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable(f"{what} failed: {' '.join(done.stdout.split())[-300:]}")


PROGRAMS: dict[str, Callable[[str], tuple[str, ...]]] = {
    "revenge": _our_python,
    "river-go": _river_go,
    "pgqueuer": _our_python,
    "procrastinate": _their_python,
    "chancy": _their_python,
}
"""Ours first; ratios are ours to the others'."""


@cache
def command_of(peer: str) -> tuple[str, ...]:
    """Return what starts a peer; a step and a count follow. Makes what is needed, once a run.

    Raises:
        Unavailable: it cannot be had here.
    """
    return PROGRAMS[peer](peer)


def environment(url: str) -> dict[str, str]:
    return os.environ | {"BENCH_URL": url, "PYTHONPATH": str(ROOT)}
