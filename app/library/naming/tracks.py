"""Songs by their path: Artist/Album (Year)/Disc 1/01 - Title.flac. Tags know better; this is for files without."""

import re
from collections.abc import Sequence

from app.library.naming.parsed import ParsedTrack
from app.library.naming.segment import read_segment
from app.library.naming.text import squeeze

DISC_FOLDER = re.compile(
    r"(?:cd|disc|disk|dvd|side|lp|vinyl)[ _.-]*([0-9]{1,2}|[a-d])(?:[ _.:-]+(.{1,200}))?", re.IGNORECASE
)
_NUMBER = re.compile(r"(?:([0-9]{1,2})[-.])?([0-9]{1,3})(?:[ _]*[-.][ _]*|[ _]+)(?=\S)")
COMPILATIONS = frozenset({"various artists", "various", "va", "compilations", "soundtracks", "sampler"})


def parse_track(folders: Sequence[str], name: str) -> ParsedTrack:
    """Read the path of a song below its root: `folders` from the outermost on, `name` with its extension."""
    stem = name.rpartition(".")[0] or name
    home, disc, disc_title = _disc_of(folders)
    album = read_segment(folders[home - 1]) if home else None
    artist = folders[home - 2] if home > 1 else None
    found = _NUMBER.match(stem)
    title = squeeze(stem[found.end() :] if found is not None else stem) or stem or "?"
    number_disc = int(found[1]) if found is not None and found[1] else None
    return ParsedTrack(
        title=title,
        artist=artist,
        album_artist=artist,
        album=album.title if album is not None else None,
        album_year=album.year if album is not None else None,
        disc=disc or number_disc,
        disc_title=disc_title,
        number=int(found[2]) if found is not None else None,
        is_compilation=artist is not None and artist.casefold() in COMPILATIONS,
        home=home,
    )


def album_home(folders: Sequence[str]) -> int:
    """Return how many of the folders lead to the album's own."""
    return _disc_of(folders)[0]


def _disc_of(folders: Sequence[str]) -> tuple[int, int | None, str | None]:
    if folders and len(folders) > 1 and (found := DISC_FOLDER.fullmatch(folders[-1].strip())) is not None:
        disc = int(found[1]) if found[1].isdigit() else ord(found[1].casefold()) - ord("a") + 1
        return len(folders) - 1, disc, found[2]
    return len(folders), None, None
