"""Wikidata: what everybody else calls an item. Nothing but ids, from one that is known."""

import re
from collections.abc import Mapping
from datetime import timedelta

from app.config import Settings
from app.library.descriptions import Description
from app.library.kinds import ItemKind
from app.metadata.asking import Asking
from app.metadata.errors import NotKnown
from app.metadata.records import Locale, Record
from app.metadata.sources import reading
from app.metadata.sources.source import Source
from app.metadata.terms import Terms

_PROPERTIES: dict[ItemKind, dict[str, str]] = {
    ItemKind.MOVIE: {"tmdb": "P4947", "imdb": "P345", "tvdb": "P12196"},
    ItemKind.SERIES: {"tmdb": "P4983", "imdb": "P345", "tvdb": "P4835", "tvmaze": "P8600"},
    ItemKind.ARTIST: {"musicbrainz_artist": "P434"},
    ItemKind.ALBUM: {"musicbrainz_release_group": "P436"},
}
"""What each kind is called by whom, and the property that says so."""

_QID = re.compile(r"Q[1-9][0-9]{0,11}")
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


class Wikidata(Source):
    kinds = frozenset(_PROPERTIES)
    only_adds = True

    def __init__(self, asking: Asking, settings: Settings) -> None:
        self._asking = asking
        self.terms = Terms(
            name="wikidata",
            base_url=settings.metadata.wikidata.base_url or "https://www.wikidata.org",
            interval=timedelta(seconds=1),
            fresh_for=timedelta(days=7),
            attribution="Identifiers by Wikidata (wikidata.org), CC0",
        )

    async def find(self, kind: ItemKind, ids: Mapping[str, str]) -> str | None:
        """Ask who is called so. Of two, neither is meant."""
        for name, number in _PROPERTIES.get(kind, {}).items():
            if name not in ids or _ID.fullmatch(ids[name]) is None:
                continue
            parameters = [("action", "query"), ("list", "search"), ("srsearch", f"haswbstatement:{number}={ids[name]}")]
            answer = await self._asking.json(self.terms, "/w/api.php", [*parameters, ("format", "json")])
            found = [reading.text(one, "title") for one in reading.items(answer, "query", "search")]
            if len(found) == 1 and found[0] is not None and _QID.fullmatch(found[0]):
                return found[0]
        return None

    async def fetch(self, kind: ItemKind, external_id: str, locale: Locale) -> Record:  # noqa: ARG002  ids
        if kind not in _PROPERTIES or _QID.fullmatch(external_id) is None:
            raise NotKnown(self.name, external_id)
        answer = await self._asking.json(self.terms, f"/wiki/Special:EntityData/{external_id}.json")
        claims = reading.at(answer, "entities", external_id, "claims")
        ids = [("wikidata", external_id)]
        for name, number in _PROPERTIES[kind].items():
            values = {
                reading.identifier(one, "mainsnak", "datavalue", "value")
                for one in reading.items(claims, number)
                if reading.text(one, "rank") != "deprecated"
            } - {None}
            if len(values) == 1:  # two ids of one kind are two works, or a mistake
                ids.append((name, str(values.pop())))
        return Record(kind=kind, external_id=external_id, description=Description(external_ids=tuple(ids)))
