"""The words of this domain that rows hold. Apart from the tables, because a prober wants no database."""

from enum import StrEnum


class LibraryKind(StrEnum):
    MOVIES = "movies"
    TVSHOWS = "tvshows"
    MUSIC = "music"


class WatchMode(StrEnum):
    """How changes in a root become known: told by the system, or by looking now and then."""

    EVENTS = "events"
    POLLING = "polling"


class FileState(StrEnum):
    PRESENT = "present"
    MISSING = "missing"


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


class FactSource(StrEnum):
    """Who says what an item is called and about, the one who is believed first at the top."""

    USER = "user"
    NFO = "nfo"
    TAGS = "tags"
    METADATA = "metadata"
    NAME = "name"


class SideFileKind(StrEnum):
    """What lies beside media."""

    NFO = "nfo"
    ARTWORK = "artwork"
    SUBTITLE = "subtitle"
    LYRICS = "lyrics"


class LabelKind(StrEnum):
    """What sort of word items share."""

    GENRE = "genre"
    TAG = "tag"
    STUDIO = "studio"
    COUNTRY = "country"
    STYLE = "style"
    MOOD = "mood"


class ImageRole(StrEnum):
    POSTER = "poster"
    """Of a film, series or season; an album's cover, an artist's portrait."""
    BACKDROP = "backdrop"
    LOGO = "logo"
    BANNER = "banner"
    THUMB = "thumb"
    """Wide; of an episode a still."""
    DISC = "disc"
    CLEARART = "clearart"


class ImageSource(StrEnum):
    """Where a picture is, the best at the top: somebody put it beside the media, it is in them, it is elsewhere."""

    LOCAL = "local"
    EMBEDDED = "embedded"
    NFO = "nfo"
    REMOTE = "remote"
