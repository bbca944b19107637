"""What a listing may be narrowed to. Several values of one filter: any of them; several filters: all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from app.catalog.seen_filter import SeenFilter
from app.errors import InvalidInput

RESOLUTIONS = ("sd", "720p", "1080p", "1440p", "2160p", "4320p")
HDR = ("pq", "hdr10", "hdr10plus", "hlg", "dolby_vision")
ANY = "any"
MAX_VALUES = 50
"""Of one filter."""
BEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    genre: Sequence[str] = ()
    studio: Sequence[str] = ()
    country: Sequence[str] = ()
    year: int | None = None
    decade: int | None = None
    """The 1990s are 1990."""
    rating: int | None = None
    """Of 10, at least."""
    resolution: Sequence[str] = ()
    hdr: Sequence[str] = ()
    audio_language: Sequence[str] = ()
    subtitle_language: Sequence[str] = ()
    unmatched: bool | None = None
    missing: bool | None = None
    person_id: UUID | None = None
    added_since: datetime | None = None
    favorite: bool | None = None
    watched: bool | None = None
    in_progress: bool | None = None

    def listing(self) -> list[str]:
        """What tells one listing from another."""
        return [repr(getattr(self, field.name)) for field in fields(self)]

    def facets(self) -> list[list[str]]:
        """Return the groups of which an item must have one each.

        Raises:
            InvalidInput: a value can be none of its filter's.
        """
        _one_of("resolution", self.resolution, RESOLUTIONS)
        _one_of("hdr", self.hdr, (*HDR, ANY))
        hdr = HDR if ANY in self.hdr else self.hdr
        groups = [
            _group("genre", "genre", self.genre),
            _group("studio", "studio", self.studio),
            _group("country", "country", self.country),
            _group("resolution", "resolution", self.resolution),
            _group("hdr", "hdr", hdr),
            _group("audio_language", "audio", self.audio_language),
            _group("subtitle_language", "subtitle", self.subtitle_language),
            [f"year:{self.year}"] if self.year is not None else [],
            [f"decade:{self.decade}"] if self.decade is not None else [],
            self._ratings(),
            [f"unmatched:{_word(self.unmatched)}"] if self.unmatched is not None else [],
            [f"missing:{_word(self.missing)}"] if self.missing is not None else [],
        ]
        return [group for group in groups if group]

    def seen(self) -> SeenFilter:
        """Return what the viewer's own rows decide."""
        return SeenFilter(favorite=self.favorite, watched=self.watched, in_progress=self.in_progress)

    def _ratings(self) -> list[str]:
        if self.rating is None:
            return []
        if not 0 <= self.rating <= BEST:
            raise InvalidInput("rating", f"must be 0 to {BEST}")
        return [f"rating:{whole}" for whole in range(self.rating, BEST + 1)]

    def since(self) -> UUID | None:
        """Return the least key that an item of that time can have: keys begin with the milliseconds they were made."""
        if self.added_since is None:
            return None
        milliseconds = int(self.added_since.timestamp() * 1000)
        return UUID(int=min(max(milliseconds, 0), 2**48 - 1) << 80)


def _group(field: str, kind: str, values: Sequence[str]) -> list[str]:
    if len(values) > MAX_VALUES:
        raise InvalidInput(field, f"may have {MAX_VALUES} values at most")
    return [f"{kind}:{value}" for value in values]


def _one_of(field: str, values: Sequence[str], known: Sequence[str]) -> None:
    if any(value not in known for value in values):
        raise InvalidInput(field, f"must be of {', '.join(known)}")


def _word(value: bool) -> str:
    return "true" if value else "false"
