"""Cover Art Archive: pictures of albums that MusicBrainz knows. Never searched: it is asked by MusicBrainz' ids."""

from collections.abc import Mapping
from datetime import timedelta

from app.config import Settings
from app.library.descriptions import Description, RemoteImage
from app.library.kinds import ImageRole, ItemKind
from app.metadata.asking import Asking
from app.metadata.errors import NotKnown
from app.metadata.records import Locale, Record
from app.metadata.sources import reading
from app.metadata.sources.musicbrainz import GROUP_ID, MBID, RELEASE, RELEASE_ID
from app.metadata.sources.source import Source
from app.metadata.terms import Terms

_TYPES = {"Front": ImageRole.POSTER, "Medium": ImageRole.DISC, "Back": ImageRole.THUMB}

MAX_IMAGES = 6


class CoverArtArchive(Source):
    kinds = frozenset({ItemKind.ALBUM})
    only_adds = True

    def __init__(self, asking: Asking, settings: Settings) -> None:
        self._asking = asking
        self.terms = Terms(
            name="coverartarchive",
            base_url=settings.metadata.coverartarchive.base_url or "https://coverartarchive.org",
            interval=timedelta(milliseconds=500),  # it states no limit; it is a charity's
            fresh_for=timedelta(days=7),
            attribution="Cover art by the Cover Art Archive (coverartarchive.org)",
        )

    def own_id(self, kind: ItemKind, ids: Mapping[str, str]) -> str | None:
        if kind is not ItemKind.ALBUM:
            return None
        return RELEASE + ids[RELEASE_ID] if RELEASE_ID in ids else ids.get(GROUP_ID)

    async def fetch(self, kind: ItemKind, external_id: str, locale: Locale) -> Record:  # noqa: ARG002  pictures
        mbid = external_id.removeprefix(RELEASE)
        if kind is not ItemKind.ALBUM or MBID.fullmatch(mbid) is None:
            raise NotKnown(self.name, external_id)
        entity = "release" if external_id.startswith(RELEASE) else "release-group"
        answer = await self._asking.json(self.terms, f"/{entity}/{mbid}")
        images: list[RemoteImage] = []
        for one in reading.items(answer, "images"):
            roles = [_TYPES[name] for name in reading.texts(one, "types") if name in _TYPES]
            found = reading.url(one, "thumbnails", "1200") or reading.url(one, "image")
            if roles and found is not None and reading.at(one, "approved") is not False:
                # The bytes are the archive's in either spelling; asked for by https, they arrive by https.
                images.append(RemoteImage(role=roles[0].value, url=found.replace("http://", "https://", 1)))
        return Record(kind=kind, external_id=external_id, description=Description(images=tuple(images[:MAX_IMAGES])))
