"""Episodes of shows: by season, by absolute number, by day."""

import re
from collections.abc import Sequence

from app.library.naming.parsed import ParsedEpisode
from app.library.naming.segment import read_segment
from app.library.naming.text import squeeze

_SEASON_FOLDER = re.compile(r"(?:season|s)[ ._-]*([0-9]{1,4})|(specials)", re.IGNORECASE)
_NUMBERED = re.compile(r"(?<![^\W_])s([0-9]{1,4})[ ._-]*e([0-9]{1,4})(?:-?e([0-9]{1,4}))?(?![^\W_])", re.IGNORECASE)


def parse_episode(folders: Sequence[str], name: str) -> ParsedEpisode:
    """Read the path of a show's file below its root: `folders` from the outermost on, `name` with its extension."""
    stem = name.rpartition(".")[0] or name
    home, folder_season = _season_of(folders)
    numbered = _NUMBERED.search(stem)
    own = read_segment(stem[: numbered.start()] if numbered is not None else stem)
    show = read_segment(folders[home - 1]) if home else own
    season = int(numbered[1]) if numbered is not None else folder_season
    first = int(numbered[2]) if numbered is not None else None
    return ParsedEpisode(
        series=show.title or own.title or squeeze(stem) or "?",
        series_year=show.year,
        series_ids=show.ids,
        home=home,
        season=season,
        first=first,
        last=int(numbered[3]) if numbered is not None and numbered[3] else first,
        is_special=season == 0,
        title=squeeze(stem[numbered.end() :]) or None if numbered is not None else own.title or None,
        ids=own.ids,
    )


def series_home(folders: Sequence[str]) -> int:
    """Return how many of the folders lead to the series' own."""
    return _season_of(folders)[0]


def _season_of(folders: Sequence[str]) -> tuple[int, int | None]:
    if folders and (found := _SEASON_FOLDER.fullmatch(folders[-1])) is not None:
        return len(folders) - 1, int(found[1] or 0)
    return len(folders), None
