"""What sources say, in our words: candidates to choose from, records of what was chosen. Plain data, kept as JSON."""

from datetime import date
from typing import Annotated

import msgspec

from app.library.descriptions import Description
from app.library.kinds import ItemKind
from app.library.repository.facts import Facts
from app.metadata.kinds import EpisodeOrder


class Locale(msgspec.Struct, frozen=True, kw_only=True):
    """In whose words, by whose board and counted how an item is to be told of."""

    language: str = "en"
    """BCP 47."""
    region: str = "US"
    """ISO 3166."""
    also: tuple[str, ...] = ()
    """Further languages in which texts are kept."""
    order: str = EpisodeOrder.AIRED
    """An `EpisodeOrder`, or one list of one source: `tmdb:5acf93e60e0a26346d0000ce`."""

    @property
    def tag(self) -> str:
        """Return language and country as most sources want them: `de-DE`."""
        return self.language if "-" in self.language else f"{self.language}-{self.region}"

    @property
    def base(self) -> str:
        return self.language.partition("-")[0]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for: an item as names, tags and NFO tell of it. Nothing that a source said before."""

    kind: ItemKind
    title: str
    original_title: str | None = None
    year: int | None = None
    runtime_minutes: float | None = None
    """As probed: of the longest version."""
    country: str | None = None
    """`US` of The Office (US)."""
    artist: str | None = None
    """Of an album."""

    @property
    def titles(self) -> tuple[str, ...]:
        return (self.title,) if self.original_title is None else (self.title, self.original_title)


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found."""

    source: str
    external_id: str
    kind: ItemKind
    title: str
    original_title: str | None = None
    aliases: tuple[str, ...] = ()
    year: int | None = None
    runtime_minutes: int | None = None
    country: str | None = None
    artist: str | None = None
    disambiguation: str | None = None
    overview: str | None = None
    image_url: str | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A list in which a source counts the episodes of a series otherwise."""

    source: str
    id: str
    kind: EpisodeOrder
    name: str | None = None
    description: str | None = None
    seasons: int | None = None
    episodes: int | None = None

    @property
    def key(self) -> str:
        """Return how it is chosen: as `Locale.order` names it."""
        return f"{self.source}:{self.id}"


class Apart(msgspec.Struct, frozen=True):
    """A season whose episodes have to be asked for by themselves."""

    number: int
    episodes: int | None = None
    """How many it has, if that is said."""


class Child(msgspec.Struct, frozen=True, kw_only=True):
    """A season, an episode or a track, told of by where it stands below what was asked for."""

    kind: ItemKind
    external_id: str
    season: int | None = None
    """Of a track: its disc."""
    number: int | None = None
    absolute: int | None = None
    aired: date | None = None
    facts: Facts = Facts()
    description: Description = Description()


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """All that a source says of one item, and of what is below it."""

    kind: ItemKind
    external_id: str
    facts: Facts = Facts()
    description: Description = Description()
    aliases: tuple[str, ...] = ()
    country: str | None = None
    artist: str | None = None
    children: tuple[Child, ...] = ()
    seasons_apart: tuple[Apart, ...] = ()
    is_counted: bool = False
    """Its episodes are counted in the order that was asked for, and not as they aired."""
    is_settled: bool = True
    """No more will be said soon: it is old, or has ended."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A record as a row holds it: without what is below it, which has rows of its own."""

    facts: Facts = Facts()
    description: Description = Description()
    is_counted: bool = False


Score = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    candidate: Candidate
    score: Score
    reasons: tuple[str, ...] = ()
    """What was held against it, for people."""
