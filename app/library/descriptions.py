"""What a source says about an item, beside what it is called and when it came out. Plain data, written as a whole.

A source's word replaces all it said before, and nobody else's.
"""

from dataclasses import dataclass
from datetime import date

UNKNOWN_LANGUAGE = "und"
"""BCP 47's word for a language that is not said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    language: str = UNKNOWN_LANGUAGE
    title: str | None = None
    plot: str | None = None
    outline: str | None = None
    tagline: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """A row of `item_detail`; see the columns there."""

    runtime_minutes: int | None = None
    status: str | None = None
    ended_on: date | None = None
    trailer: str | None = None
    disambiguation: str | None = None
    type: str | None = None
    display_season: int | None = None
    display_episode: int | None = None
    airs_before_season: int | None = None
    airs_before_episode: int | None = None
    airs_after_season: int | None = None
    is_locked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Credited:
    name: str
    role: str
    character: str | None = None
    ids: tuple[tuple[str, str], ...] = ()
    thumb_url: str | None = None

    @property
    def key(self) -> str:
        return key_of(self.name, self.ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    name: str
    value: float
    scale: float = 10.0
    votes: int | None = None
    is_default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    name: str
    overview: str | None = None
    ids: tuple[tuple[str, str], ...] = ()
    texts: tuple[Texts, ...] = ()
    """Title and plot in further languages, one for each."""

    @property
    def key(self) -> str:
        return key_of(self.name, self.ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteImage:
    role: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    texts: tuple[Texts, ...] = ()
    """One for each language, the one to be shown first."""
    details: Details = Details()
    credits: tuple[Credited, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    """(kind of `LabelKind`, name)."""
    collection: Collected | None = None
    ratings: tuple[Rated, ...] = ()
    certifications: tuple[tuple[str, str], ...] = ()
    """(country, value)."""
    external_ids: tuple[tuple[str, str], ...] = ()
    images: tuple[RemoteImage, ...] = ()


def key_of(name: str, ids: tuple[tuple[str, str], ...]) -> str:
    """Tell who somebody, or which set something, is: by TMDb's number where it is said, else by name."""
    tmdb = dict(ids).get("tmdb")
    return f"tmdb:{tmdb}" if tmdb is not None else f"name:{' '.join(name.casefold().split())}"
