"""What a run found, as a table on the terminal and as a page to keep."""

import os
import platform
import shlex
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

Answer = Mapping[str, Any]

RESULTS = Path(__file__).with_name("results")
PACKAGES = ("revenge", "pgqueuer", "asyncpg", "psycopg", "psycopg-binary", "psycopg-pool", "msgspec", "uvloop")


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    value: Callable[[Answer], float | None]
    digits: int = 0
    more_is_better: bool | None = None
    """None: told for its own sake. Otherwise the last peer's figure is put beside the first one's as a ratio."""

    def cell(self, answers: Sequence[Answer]) -> str:
        """Median (least–most) over the rounds."""
        values = [value for answer in answers if (value := self.value(answer)) is not None]
        if not values:
            return "–"
        median = f"{statistics.median(values):,.{self.digits}f}"
        if len(values) == 1:
            return median
        return f"{median} ({min(values):,.{self.digits}f}–{max(values):,.{self.digits}f})"

    def ratio(self, ours: Sequence[Answer], theirs: Sequence[Answer]) -> float:
        """How many times better we are: above 1 is in our favour, whichever way the figure goes."""
        mine, other = (
            statistics.median([self.value(answer) or 0.0 for answer in answers]) for answers in (ours, theirs)
        )
        return mine / other if self.more_is_better else other / mine


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    columns: Sequence[Column]
    answers: Mapping[str, Sequence[Answer]]
    """By peer, ours first; one answer a round."""
    remark: str = ""

    def lines(self) -> list[str]:
        rows = [["", *(column.title for column in self.columns)]]
        rows += [[peer, *(column.cell(answers) for column in self.columns)] for peer, answers in self.answers.items()]
        ours, *others = self.answers
        if any(column.more_is_better is not None for column in self.columns):
            for other in others:
                rows.append([f"× {other}", *(self._ratio(column, ours, other) for column in self.columns)])
        return [f"### {self.title}", "", *markdown(rows), "", *([self.remark, ""] if self.remark else [])]

    def _ratio(self, column: Column, ours: str, other: str) -> str:
        if column.more_is_better is None:
            return ""
        return f"{column.ratio(self.answers[ours], self.answers[other]):.2f}"


def markdown(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


@dataclass(frozen=True, slots=True)
class Page:
    """One result file: what was asked, of whom, on what, and what came out."""

    what: str
    command: Sequence[str]
    rounds: int
    server: Sequence[str]
    settings: Mapping[str, str]
    tables: Sequence[Table]
    note: str = ""

    def lines(self) -> list[str]:
        return [
            f"# {self.what.capitalize()}, {datetime.now(UTC):%Y-%m-%d}",
            "",
            f"Command: `{shlex.join(self.command)}`. Rounds: {self.rounds}, the peers in turn within each; every run",
            "in a fresh process on a fresh database, after a CHECKPOINT, and counted in the database: each job once.",
            "Every process has its garbage collector tuned as our server has (`settle_memory`), which helps all peers.",
            "Figures are medians (least–most) of the rounds; a ratio above 1 is in our favour.",
            "",
            f"- {machine()}",
            *(f"- {line}" for line in self.server),
            f"- {versions()}",
            *(f"- {peer}: {settings}" for peer, settings in self.settings.items()),
            *([f"- Note: {self.note}"] if self.note else []),
            "",
            *(line for table in self.tables for line in table.lines()),
        ]

    def write(self) -> Path:
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{datetime.now(UTC):%Y-%m-%d}-{self.what}.md"
        path.write_text("\n".join(self.lines()).rstrip() + "\n")
        return path


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}"


def versions() -> str:
    found = [f"{name} {version}" for name in PACKAGES if (version := _version(name)) is not None]
    return ", ".join([f"Python {platform.python_version()}", *found])


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
