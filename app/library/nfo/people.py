"""People of an NFO: actors in their order, then those behind the camera, or the artists of a record."""

from app.library.nfo.ids import ids_of
from app.library.nfo.record import NfoPerson
from app.library.nfo.tree import Element
from app.library.nfo.values import MAX_LIST, http_url, line_of, lines, number_of

_CREW = {"director": ("director",), "writer": ("credits", "writer"), "producer": ("producer",), "creator": ("creator",)}
_JOB_OF_TYPE = {"gueststar": "guest", "guest star": "guest", "director": "director", "writer": "writer"}


def people_of(root: Element) -> tuple[NfoPerson, ...]:
    found = [person for person in map(_actor, root.all("actor")) if person is not None]
    # Python's sort is stable: actors without an order stay where they were written, after those with one.
    found.sort(key=lambda person: (person.order is None, person.order or 0))
    for role, tags in _CREW.items():
        found += [NfoPerson(name=name, role=role) for name in lines(root, *tags)]
    return tuple(found[:MAX_LIST])


def _actor(element: Element) -> NfoPerson | None:
    name = line_of(element, "name")
    if name is None:
        return None
    thumb = element.first("thumb")
    return NfoPerson(
        name=name,
        role=_JOB_OF_TYPE.get((line_of(element, "type") or "").casefold(), "actor"),
        character=line_of(element, "role"),
        order=number_of(element, "order", "sortorder"),
        thumb=None if thumb is None else http_url(thumb.text),
        ids=ids_of(element, None),
    )


def artists_of(root: Element) -> tuple[NfoPerson, ...]:
    """Return an album's artists: the credited ones with what joins their names, or else the names alone."""
    credited = [
        NfoPerson(
            name=name,
            role="album_artist",
            order=order,
            ids=_artist_id(credit),
            join_phrase=_join_phrase(credit),
        )
        for order, credit in enumerate(root.all("albumartistcredits"))
        if (name := line_of(credit, "artist")) is not None
    ]
    if credited:
        return tuple(credited[:MAX_LIST])
    return tuple(
        NfoPerson(name=name, role="album_artist", order=order)
        for order, name in enumerate(lines(root, "albumartist") or lines(root, "artist"))
    )


def _artist_id(credit: Element) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in ids_of(credit, None) if name == "musicbrainz_artist")


def _join_phrase(credit: Element) -> str | None:
    """Keep the spaces of ` feat. `: they are what joins."""
    element = credit.first("joinphrase")
    return element.text[:50] if element is not None and element.text.strip() else None
