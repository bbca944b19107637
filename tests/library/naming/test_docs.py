"""The tables of docs/naming.md say what the parsers do."""

from pathlib import Path

import pytest

from app.library.naming import parse_episode, parse_movie, parse_side_file, parse_track, split

DOCS = Path(__file__).parents[3] / "docs" / "naming.md"


def rows() -> list[tuple[str, list[str]]]:
    """Return the rows of the tables, each with the heading it stands below."""
    found: list[tuple[str, list[str]]] = []
    heading = ""
    for line in DOCS.read_text("utf-8").splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ")
        elif line.startswith("| `"):
            found.append((heading, [cell.strip().strip("`") for cell in line.strip("|").split(" | ")]))
    return found


def told(*parts: str | None) -> str:
    return ", ".join(part for part in parts if part)


def film(path: str) -> str:
    read = parse_movie(path.encode())
    ids = [f"{provider} {value}" for provider, value in read.ids]
    edition = f'edition "{read.edition}"' if read.edition else ""
    version = f'version "{read.version}"' if read.version and not read.edition else ""
    extra = f'extra "{read.extra}"' if read.extra else ""
    return told(read.title, str(read.year), *ids, edition, version, extra)


def episode(path: str) -> str:
    read = parse_episode(*split(path.encode()))
    series = read.series if read.country is None else f"{read.series} ({read.country})"
    several = f"episodes {read.first} to {read.last}"
    return told(
        series,
        str(read.series_year or ""),
        *(f"{provider} {value}" for provider, value in read.series_ids),
        f"season {read.season}" if read.season is not None else "",
        "" if read.first is None else several if read.last != read.first else f"episode {read.first}",
        f"number {read.absolute[0]}" if read.absolute is not None else "",
        f"of {read.aired}" if read.aired is not None else "",
        f"part {read.part}" if read.part is not None else "",
        f'extra "{read.extra}"' if read.extra else f'"{read.title}"' if read.title else "",
    )


def song(path: str) -> str:
    read = parse_track(*split(path.encode()))
    disc = f"disc {read.disc}" if read.disc else ""
    return told(read.title, f"by {read.artist}", f"on {read.album}", str(read.album_year), disc, f"track {read.number}")


def side_file(path: str, media: str) -> str:
    *folders, name = path.split("/")
    read = parse_side_file(name, [media.rpartition(".")[0]], folders)
    assert read is not None
    return told(
        read.kind.value,
        read.role.value if read.role is not None else "",
        read.subject,
        read.language,
        f'"{read.title}"' if read.title else "",
        "forced" if read.is_forced else "",
        "for the hard of hearing" if read.is_sdh else "",
        str(read.position or ""),
        f"season {read.season}" if read.season is not None else "",
    )


READERS = {"Films": film, "Shows": episode, "Music": song, "What lies beside": side_file}
ROWS = rows()


@pytest.mark.parametrize(("heading", "cells"), ROWS, ids=[cells[0] for _, cells in ROWS])
def test_the_table_tells_the_truth(heading: str, cells: list[str]) -> None:
    *name, becomes = cells

    assert READERS[heading](*name) == becomes  # type: ignore[operator]


def test_every_table_was_read() -> None:
    """The control: a table in another form would be passed by."""
    assert {heading for heading, _ in ROWS} == set(READERS)
    assert len(ROWS) >= 30
