"""What items were taken for, and the sources, as the API shows them."""

from uuid import UUID

import msgspec

from app.catalog.file_views import Time
from app.metadata.orders import Counted
from app.metadata.records import Order, Scored
from app.metadata.reviews import MatchRow, SourceRow


class MatchCandidate(msgspec.Struct, frozen=True, kw_only=True):
    source: str
    external_id: str
    title: str
    original_title: str | None
    year: int | None
    artist: str | None
    disambiguation: str | None
    overview: str | None
    image_url: str | None
    """Where the source shows it; nothing of ours."""
    score: float
    """0 to 1; taken by itself from 0.85 on, when the next is clearly worse."""
    reasons: list[str]
    """What was held against it."""

    @classmethod
    def of(cls, scored: Scored) -> "MatchCandidate":
        one = scored.candidate
        return cls(
            source=one.source,
            external_id=one.external_id,
            title=one.title,
            original_title=one.original_title,
            year=one.year,
            artist=one.artist,
            disambiguation=one.disambiguation,
            overview=one.overview,
            image_url=one.image_url,
            score=scored.score,
            reasons=list(scored.reasons),
        )


class ItemMatch(msgspec.Struct, frozen=True, kw_only=True):
    """What an item was taken for."""

    item_id: UUID
    library_id: UUID
    kind: str
    title: str
    year: int | None
    state: str | None
    """matched; doubtful: somebody has to look; unmatched. None: it was not looked for yet."""
    needs_review: bool
    decided_by: str | None
    """id, search or user."""
    source: str | None
    external_id: str | None
    score: float | None
    reason: str | None
    candidates: list[MatchCandidate]
    locked: list[str]
    """Fields that stay as they are shown."""
    asked_at: Time | None

    @classmethod
    def of(cls, row: MatchRow) -> "ItemMatch":
        return cls(
            item_id=row.item_id,
            library_id=row.library_id,
            kind=row.kind,
            title=row.title,
            year=row.year,
            state=row.state,
            needs_review=row.state == "doubtful",
            decided_by=row.decided_by,
            source=row.source,
            external_id=row.external_id,
            score=row.score,
            reason=row.reason,
            candidates=[MatchCandidate.of(one) for one in row.candidates],
            locked=list(row.locked),
            asked_at=row.asked_at,
        )


class ReviewPage(msgspec.Struct, frozen=True):
    reviews: list[ItemMatch]
    next_cursor: str | None


class Candidates(msgspec.Struct, frozen=True):
    candidates: list[MatchCandidate]


class MetadataSource(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    kinds: list[str]
    """What it may be asked about."""
    needs_key: bool
    is_ready: bool
    attribution: str
    """To be shown wherever what it says is shown."""
    waits_until: Time | None
    """It is not asked before: it is down, or asked us to wait."""
    problem: str | None
    problem_at: Time | None

    @classmethod
    def of(cls, row: SourceRow) -> "MetadataSource":
        return cls(
            name=row.name,
            kinds=list(row.kinds),
            needs_key=row.is_keyed,
            is_ready=row.is_ready,
            attribution=row.attribution,
            waits_until=row.waits_until,
            problem=row.problem,
            problem_at=row.problem_at,
        )


class MetadataSources(msgspec.Struct, frozen=True):
    sources: list[MetadataSource]


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    source: str
    text: str
    """To be shown wherever what it says is shown: about the server, below an item."""


class Attributions(msgspec.Struct, frozen=True):
    attributions: list[Attribution]


class LibraryMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asked about a library, as it is in force."""

    sources: list[str]
    """In this order. Empty: nobody."""
    language: str
    region: str
    episode_order: str
    """How the episodes of its series are counted, where nothing else is said of one."""


class EpisodeList(msgspec.Struct, frozen=True, kw_only=True):
    """A list in which a source counts the episodes of a series otherwise than it aired."""

    key: str
    """As it is chosen: `tmdb:5acf93e60e0a26346d0000ce`."""
    order: str
    """absolute, dvd, digital, story_arc, production, tv, original, alternate or regional: may be chosen too, and means
    the list of this kind that holds most."""
    name: str | None
    description: str | None
    seasons: int | None
    episodes: int | None

    @classmethod
    def of(cls, order: Order) -> "EpisodeList":
        return cls(
            key=order.key,
            order=order.kind,
            name=order.name,
            description=order.description,
            seasons=order.seasons,
            episodes=order.episodes,
        )


class EpisodeOrders(msgspec.Struct, frozen=True, kw_only=True):
    """How the episodes of a series are counted, and how they could be."""

    chosen: str | None
    """Of this series. null: as its library is."""
    library: str
    lists: list[EpisodeList]
    """Of the source that says what the series is; empty while nobody knows it, or there is but one order."""

    @classmethod
    def of(cls, counted: Counted) -> "EpisodeOrders":
        return cls(chosen=counted.chosen, library=counted.library, lists=[EpisodeList.of(one) for one in counted.lists])
