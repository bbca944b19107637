"""What an NFO says → what is written: facts (what an item is called, when it came out), its description. Pure."""

from collections.abc import Sequence

from app.library.descriptions import Collected, Credited, Description, Details, Rated, RemoteImage, Texts
from app.library.kinds import ImageRole, ItemKind, LabelKind
from app.library.naming import sort_key
from app.library.nfo import NfoKind, NfoRecord
from app.library.repository.facts import Facts

FITTING = {
    NfoKind.MOVIE: ItemKind.MOVIE,
    NfoKind.SERIES: ItemKind.SERIES,
    NfoKind.SEASON: ItemKind.SEASON,
    NfoKind.EPISODE: ItemKind.EPISODE,
    NfoKind.ARTIST: ItemKind.ARTIST,
    NfoKind.ALBUM: ItemKind.ALBUM,
}
"""Which items a record may speak of. Links alone may speak of any."""


def fits(record: NfoRecord, kind: ItemKind) -> bool:
    return record.kind is NfoKind.NONE or FITTING[record.kind] is kind


def facts_of(record: NfoRecord) -> Facts:
    # A season that is just called by its number, in whatever language, says no more than the number does.
    title = (
        None
        if record.kind is NfoKind.SEASON and (record.title or "").split()[-1:] == [str(record.season)]
        else record.title
    )
    return Facts(
        title=title,
        sort_title=None if record.sort_title is None or title is None else sort_key(record.sort_title),
        original_title=record.original_title,
        year=record.year,
        released_on=record.premiered,
    )


def description_of(record: NfoRecord) -> Description:
    return Description(
        texts=_texts(record),
        details=Details(
            runtime_minutes=record.runtime_minutes,
            status=record.status,
            ended_on=record.ended,
            trailer=record.trailer,
            disambiguation=record.disambiguation,
            type=record.type,
            display_season=record.display_season,
            display_episode=record.display_episode,
            airs_before_season=record.airs_before_season,
            airs_before_episode=record.airs_before_episode,
            airs_after_season=record.airs_after_season,
            is_locked=record.is_locked,
        ),
        credits=tuple(
            Credited(
                name=person.name, role=person.role, character=person.character, ids=person.ids, thumb_url=person.thumb
            )
            for person in record.people
        ),
        labels=tuple(_labels(record)),
        collection=None
        if record.collection is None
        else Collected(name=record.collection, overview=record.collection_overview, ids=record.collection_ids),
        ratings=tuple(
            Rated(name=one.name, value=one.value, scale=one.scale, votes=one.votes, is_default=one.is_default)
            for one in record.ratings
        ),
        certifications=record.certifications,
        external_ids=record.external_ids,
        images=tuple(
            RemoteImage(role=image.role, url=image.url)
            for image in record.images
            if image.season is None and image.role in set(ImageRole)
        ),
    )


def _texts(record: NfoRecord) -> tuple[Texts, ...]:
    text = Texts(title=record.title, plot=record.plot, outline=record.outline, tagline=record.tagline)
    return () if text == Texts() else (text,)


def _labels(record: NfoRecord) -> list[tuple[str, str]]:
    named: Sequence[tuple[LabelKind, Sequence[str]]] = (
        (LabelKind.GENRE, record.genres),
        (LabelKind.TAG, record.tags),
        (LabelKind.STUDIO, record.studios),
        (LabelKind.COUNTRY, record.countries),
        (LabelKind.STYLE, record.styles),
        (LabelKind.MOOD, record.moods),
    )
    return [(kind.value, name) for kind, names in named for name in names]
