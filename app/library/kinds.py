"""The words of this domain that rows hold. Apart from the tables, because a prober wants no database."""

from enum import StrEnum


class LibraryKind(StrEnum):
    MOVIES = "movies"
    TVSHOWS = "tvshows"
    MUSIC = "music"


class FileState(StrEnum):
    PRESENT = "present"
    MISSING = "missing"
    PURGED = "purged"


class FileKind(StrEnum):
    VIDEO = "video"
    AUDIO = "audio"


class ItemKind(StrEnum):
    MOVIE = "movie"
    SERIES = "series"
    SEASON = "season"
    EPISODE = "episode"
    ARTIST = "artist"
    ALBUM = "album"
    TRACK = "track"


class ItemState(StrEnum):
    PRESENT = "present"
    MISSING = "missing"


class FileRole(StrEnum):
    """What a file is to its item: the thing itself, something beside it, or one of the many files of a disc."""

    MAIN = "main"
    EXTRA = "extra"
    DISC = "disc"
