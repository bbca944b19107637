"""How answers are shown: aligned for a person, tab-separated in a pipe, JSON when asked for.

Whatever came from a disk or a database is shown with its control characters written out: a file's name may rewrite
a terminal.
"""

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from app.observability.logs import escaped


def print_json(value: Any) -> None:
    """Print plain values or msgspec structs, with every digit of their numbers."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def print_answer(content: bytes) -> None:
    """Print JSON as it came, set out for reading."""
    sys.stdout.write(msgspec.json.format(content, indent=2).decode() + "\n")


def print_line(text: str) -> None:
    sys.stdout.write(escaped(text) + "\n")


def print_note(text: str) -> None:
    """Say something about the answer that is no part of it."""
    sys.stderr.write(escaped(text) + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    cells = [[escaped(shown(cell)) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _print_aligned(columns, cells)
        return
    for row in [[*columns], *cells]:
        sys.stdout.write("\t".join(row) + "\n")


def _print_aligned(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column == "ID")  # an id in two halves cannot be copied
    for row in cells:
        table.add_row(*map(Text, row))
    Console().print(table)


def shown(value: object) -> str:
    """Write one value for a person: times in UTC to the second, nothing as `-`."""
    if value is None or value == "":
        return "-"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return str(value)


def duration(milliseconds: int | None) -> str | None:
    """Write 6543210 as 1:49:03."""
    if milliseconds is None:
        return None
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
