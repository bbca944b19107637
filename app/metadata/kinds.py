"""The words of this domain that rows hold."""

from enum import StrEnum

from app.library.kinds import ItemKind


class MatchState(StrEnum):
    MATCHED = "matched"
    DOUBTFUL = "doubtful"
    """Somebody has to look: the best candidate is not good enough, or not better enough than the next."""
    UNMATCHED = "unmatched"


class Decider(StrEnum):
    ID = "id"
    """An id in a name, an NFO or tags: an order."""
    SEARCH = "search"
    USER = "user"


class EpisodeOrder(StrEnum):
    """How the episodes of a series are counted. A source has some of these for some series."""

    AIRED = "aired"
    """As the source lists them by itself: nobody chose otherwise, or it has no such order for this series."""
    ORIGINAL = "original"
    """By day of first broadcast, where that is another list."""
    ABSOLUTE = "absolute"
    """Over all seasons, as anime is."""
    DVD = "dvd"
    DIGITAL = "digital"
    STORY_ARC = "story_arc"
    PRODUCTION = "production"
    TV = "tv"
    ALTERNATE = "alternate"
    REGIONAL = "regional"


MATCHED_KINDS = (ItemKind.MOVIE, ItemKind.SERIES, ItemKind.ARTIST, ItemKind.ALBUM)
"""What is looked for among others; seasons and episodes come with their series, tracks with their album."""

ITEM_TYPES = {kind: kind.value for kind in ItemKind} | {ItemKind.SERIES: "tvshow"}
"""What job args call the kinds."""


def kind_of(item_type: str) -> ItemKind:
    """Raises: ValueError."""
    return next((kind for kind, name in ITEM_TYPES.items() if name == item_type), None) or ItemKind(item_type)
