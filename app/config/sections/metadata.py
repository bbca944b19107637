"""`metadata`: who is asked what things are, and in which language."""

from typing import Annotated

from pydantic import SecretStr, StringConstraints
from pydantic.dataclasses import dataclass

from app.config.sections.checks import STRICT_KEYS, BaseUrl


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class SourceSettings:
    base_url: BaseUrl | None = None
    """A mirror. It may stand in a private network, because you wrote it down; anything else there is refused."""


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class TmdbSettings(SourceSettings):
    token: SecretStr | None = None
    """The "API Read Access Token", not the shorter key."""


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class TvdbSettings(SourceSettings):
    api_key: SecretStr | None = None
    pin: SecretStr | None = None
    """Of a subscriber, for keys that ask for one."""


SourceName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*$", max_length=32)]
SourceNames = tuple[SourceName, ...]


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class SourcesSettings:
    """Which sources are asked about a kind of library, in this order. None: those whose key is set, and no others."""

    movies: SourceNames | None = None
    tvshows: SourceNames | None = None
    music: SourceNames | None = None


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class MetadataSettings:
    sources: SourcesSettings = SourcesSettings()
    tmdb: TmdbSettings = TmdbSettings()
    tvdb: TvdbSettings = TvdbSettings()
    tvmaze: SourceSettings = SourceSettings()
    musicbrainz: SourceSettings = SourceSettings()
    coverartarchive: SourceSettings = SourceSettings()
    wikidata: SourceSettings = SourceSettings()
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$")] = "en"
    languages: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")], ...] = ()
    """Further ones whose titles and texts are kept, for viewers who ask for them (`Accept-Language`)."""
    region: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "US"
    contact: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")] | None = None
    """An e-mail address or a page, told to the sources: MusicBrainz wants to know whom to write to."""

    def base_urls(self) -> tuple[str, ...]:
        """Return the mirrors that were written down."""
        sources = (self.tmdb, self.tvdb, self.tvmaze, self.musicbrainz, self.coverartarchive, self.wikidata)
        return tuple(source.base_url for source in sources if source.base_url is not None)
