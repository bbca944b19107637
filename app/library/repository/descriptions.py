"""What sources say about items: each statement for all the items of one call.

People, labels and sets are shared: they are made first, in the order of their keys, so that two jobs that name the same
hundred actors wait for each other instead of deadlocking.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from app.db.tx import Tx
from app.ids import uuid7
from app.library.ages import minimum_age
from app.library.descriptions import Description, Details
from app.library.kinds import FactSource, ImageSource
from app.library.repository import ages
from app.library.repository.rows import column, run

TABLES = ("item_text", "item_detail", "credit", "item_label", "collection_item", "rating", "certification")

DETAILS = tuple(Details.__dataclass_fields__)

FORGET = {table: f"DELETE FROM {table} WHERE item_id = ANY(%s) AND source = %s" for table in TABLES}  # noqa: S608  ours

ADD_TEXTS = """
    INSERT INTO item_text (source, item_id, language, title, plot, outline, tagline, position)
    SELECT %s, new.*
    FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[]) AS new
"""

ADD_DETAILS = f"""
    INSERT INTO item_detail (source, item_id, {", ".join(DETAILS)})
    SELECT %s, new.* FROM unnest(%s::uuid[], %s::int[], %s::text[], %s::date[], %s::text[], %s::text[], %s::text[],
        %s::int[], %s::int[], %s::int[], %s::int[], %s::int[], %s::boolean[]) AS new
"""  # noqa: S608  names of columns

MAKE_PEOPLE = """
    INSERT INTO person (id, key, name, thumb_url)
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[])
    ON CONFLICT (key) DO UPDATE SET thumb_url = excluded.thumb_url
    WHERE person.thumb_url IS NULL AND excluded.thumb_url IS NOT NULL
"""

ADD_CREDITS = """
    INSERT INTO credit (source, item_id, position, person_id, role, character)
    SELECT %s, new.item_id, new.position, person.id, new.role, new.character
    FROM unnest(%s::uuid[], %s::int[], %s::text[], %s::text[], %s::text[])
        AS new (item_id, position, key, role, character)
    JOIN person USING (key)
"""

ADD_PORTRAITS = """
    INSERT INTO image (id, person_id, role, source, url)
    SELECT new.id, person.id, 'poster', 'remote', person.thumb_url
    FROM unnest(%s::uuid[], %s::text[]) AS new (id, key) JOIN person USING (key)
    WHERE person.thumb_url IS NOT NULL
    ON CONFLICT (person_id) DO NOTHING
"""
"""Of everybody of whom there is an address; fetched are those of the first that are named (`images`)."""

MAKE_LABELS = """
    INSERT INTO label (id, kind, name) SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[])
    ON CONFLICT (kind, lower(name)) DO NOTHING
"""

ADD_LABELS = """
    INSERT INTO item_label (source, item_id, position, label_id)
    SELECT DISTINCT ON (new.item_id, label.id) %s, new.item_id, new.position, label.id
    FROM unnest(%s::uuid[], %s::int[], %s::text[], %s::text[]) AS new (item_id, position, kind, name)
    JOIN label ON label.kind = new.kind AND lower(label.name) = lower(new.name)
    ORDER BY new.item_id, label.id, new.position
"""

MAKE_COLLECTIONS = """
    INSERT INTO collection (id, key, name, overview)
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[])
    ON CONFLICT (key) DO UPDATE SET overview = excluded.overview
    WHERE collection.overview IS NULL AND excluded.overview IS NOT NULL
"""

ADD_COLLECTION_TEXTS = """
    INSERT INTO collection_text AS known (collection_id, language, title, overview)
    SELECT collection.id, new.language, new.title, new.overview
    FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS new (key, language, title, overview)
    JOIN collection USING (key)
    ORDER BY collection.id, new.language
    ON CONFLICT (collection_id, language) DO UPDATE SET title = excluded.title, overview = excluded.overview
    WHERE (known.title, known.overview) IS DISTINCT FROM (excluded.title, excluded.overview)
"""
"""Each film of a set brings the same: what is there already is not written again."""

ADD_COLLECTIONS = """
    INSERT INTO collection_item (source, item_id, collection_id)
    SELECT %s, new.item_id, collection.id
    FROM unnest(%s::uuid[], %s::text[]) AS new (item_id, key) JOIN collection USING (key)
"""

ADD_RATINGS = """
    INSERT INTO rating (source, item_id, name, value, scale, votes, is_default)
    SELECT %s, new.*
    FROM unnest(%s::uuid[], %s::text[], %s::float8[], %s::float8[], %s::int[], %s::boolean[]) AS new
"""

ADD_CERTIFICATIONS = """
    INSERT INTO certification (source, item_id, country, value, age)
    SELECT %s, new.* FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::int[]) AS new
"""

FORGET_IDS = """
    DELETE FROM external_id USING unnest(%s::uuid[]) AS of (item_id)
    WHERE external_id.item_id = of.item_id AND external_id.source = %s
"""

ADD_IDS = """
    INSERT INTO external_id (source, item_id, provider, value)
    SELECT %s, new.* FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS new
    ON CONFLICT (item_id, provider) DO UPDATE SET value = excluded.value, source = excluded.source
    WHERE array_position(%s::text[], external_id.source) > array_position(%s::text[], excluded.source)
"""

IDS_BELIEVED = [FactSource.USER, FactSource.NAME, FactSource.NFO, FactSource.TAGS, FactSource.METADATA]
"""An id in a name is an order, so only a person outranks it."""

IMAGE_SOURCES = {FactSource.NFO: ImageSource.NFO, FactSource.METADATA: ImageSource.REMOTE}
"""Who names pictures by their addresses. Nobody else's word touches those."""

FORGET_IMAGES = """
    DELETE FROM image
    WHERE item_id = ANY(%s) AND source = %s AND url IS NOT NULL AND NOT EXISTS (
        SELECT FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS said (item_id, role, url)
        WHERE said.item_id = image.item_id AND said.role = image.role AND said.url = image.url
    )
"""
"""What is named again stays the row it is: its bytes may have been fetched."""

ADD_IMAGES = """
    WITH said AS (
        SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::int[])
            AS said (id, item_id, role, url, position)
    ), again AS (
        UPDATE image SET position = said.position FROM said
        WHERE image.item_id = said.item_id AND image.role = said.role AND image.url = said.url AND image.source = %s
        RETURNING image.item_id, image.role, image.url
    )
    INSERT INTO image (source, id, item_id, role, url, position)
    SELECT %s, said.* FROM said
    WHERE NOT EXISTS (
        SELECT FROM again WHERE again.item_id = said.item_id AND again.role = said.role AND again.url = said.url
    )
"""


async def describe(tx: Tx, source: FactSource, said: Mapping[UUID, Description | None]) -> None:
    """Let a source say this of these items, in place of all it said before; None: nothing any more.

    The items must exist, and none of their rows are compared: call it when the source has something new to say.
    """
    for table in TABLES:
        await run(tx, FORGET[table], list(said), source)
    await run(tx, FORGET_IDS, list(said), source)
    new = {item_id: description for item_id, description in sorted(said.items()) if description is not None}
    await _add_people(tx, source, new)
    await _add_labels(tx, source, new)
    await _add_collections(tx, source, new)
    await _add_plain(tx, source, new)
    if (image_source := IMAGE_SOURCES.get(source)) is not None:
        await _put_images(tx, image_source, list(said), new)
    await ages.refresh(tx, said.keys())


async def _put_images(tx: Tx, source: ImageSource, item_ids: Sequence[UUID], said: Mapping[UUID, Description]) -> None:
    images = {
        (item_id, image.role, image.url): position
        for item_id, said_of in said.items()
        for position, image in reversed(list(enumerate(said_of.images)))
    }
    named: list[list[Any]] = list(map(list, zip(*images, strict=True))) if images else [[], [], []]
    await run(tx, FORGET_IMAGES, list(item_ids), source, *named)
    if images:
        await run(tx, ADD_IMAGES, [uuid7() for _ in images], *named, list(images.values()), source, source)


async def _insert(tx: Tx, query: str, source: str, table: Sequence[tuple[Any, ...]], *more: object) -> None:
    if table:
        await run(tx, query, source, *map(list, zip(*table, strict=True)), *more)


async def _add_people(tx: Tx, source: FactSource, said: Mapping[UUID, Description]) -> None:
    people = {person.key: person for description in said.values() for person in description.credits}
    await _make(tx, MAKE_PEOPLE, [(uuid7(), key, people[key].name, people[key].thumb_url) for key in sorted(people)])
    await _make(tx, ADD_PORTRAITS, [(uuid7(), key) for key in sorted(people) if people[key].thumb_url is not None])
    credited = [
        (item_id, position, person.key, person.role, person.character)
        for item_id, description in said.items()
        for position, person in enumerate(description.credits)
    ]
    await _insert(tx, ADD_CREDITS, source, credited)


async def _add_labels(tx: Tx, source: FactSource, said: Mapping[UUID, Description]) -> None:
    labels = [
        (item_id, position, kind, name)
        for item_id, description in said.items()
        for position, (kind, name) in enumerate(description.labels)
    ]
    names = {(kind, name) for _, _, kind, name in labels}
    await _make(tx, MAKE_LABELS, [(uuid7(), kind, name) for kind, name in sorted(names, key=_folded)])
    await _insert(tx, ADD_LABELS, source, labels)


def _folded(label: tuple[str, str]) -> tuple[str, str, str]:
    kind, name = label
    return kind, name.lower(), name


async def _add_collections(tx: Tx, source: FactSource, said: Mapping[UUID, Description]) -> None:
    sets = {item_id: found for item_id, description in said.items() if (found := description.collection) is not None}
    by_key = {found.key: found for found in sets.values()}
    await _make(
        tx, MAKE_COLLECTIONS, [(uuid7(), key, by_key[key].name, by_key[key].overview) for key in sorted(by_key)]
    )
    texts = [(key, text.language, text.title, text.plot) for key in sorted(by_key) for text in by_key[key].texts]
    await _make(tx, ADD_COLLECTION_TEXTS, texts)
    await _insert(tx, ADD_COLLECTIONS, source, [(item_id, found.key) for item_id, found in sets.items()])


async def _make(tx: Tx, query: str, table: Sequence[tuple[Any, ...]]) -> None:
    if table:
        await run(tx, query, *map(list, zip(*table, strict=True)))


async def _add_plain(tx: Tx, source: FactSource, said: Mapping[UUID, Description]) -> None:
    texts = [
        (item_id, text.language, text.title, text.plot, text.outline, text.tagline, position)
        for item_id, description in said.items()
        for position, text in enumerate(description.texts)
    ]
    await _insert(tx, ADD_TEXTS, source, texts)
    details = [
        (item_id, *(getattr(description.details, name) for name in DETAILS))
        for item_id, description in said.items()
        if description.details != Details()
    ]
    await _insert(tx, ADD_DETAILS, source, details)
    ratings = [
        (item_id, rated.name, float(rated.value), float(rated.scale), rated.votes, rated.is_default)
        for item_id, description in said.items()
        for rated in description.ratings
    ]
    await _insert(tx, ADD_RATINGS, source, ratings)
    certified = [
        (item_id, country, value, minimum_age(country, value))
        for item_id, country, value in _pairs(said, "certifications")
    ]
    await _insert(tx, ADD_CERTIFICATIONS, source, certified)
    await _insert(tx, ADD_IDS, source, list(_pairs(said, "external_ids")), IDS_BELIEVED, IDS_BELIEVED)


def _pairs(said: Mapping[UUID, Description], field: str) -> Iterable[tuple[UUID, str, str]]:
    for item_id, description in said.items():
        for first, second in getattr(description, field):
            yield item_id, first, second


SPOKEN_OF = """
    SELECT item_id FROM item_facts WHERE item_id = ANY(%s) AND source = %s
    UNION SELECT item_id FROM item_text WHERE item_id = ANY(%s) AND source = %s
    UNION SELECT item_id FROM external_id WHERE item_id = ANY(%s) AND source = %s
    UNION SELECT item_id FROM item_detail WHERE item_id = ANY(%s) AND source = %s
"""


async def spoken_of(tx: Tx, source: FactSource, item_ids: Sequence[UUID]) -> list[UUID]:
    """Return those of these items that the source says something of."""
    return await column(tx, SPOKEN_OF, *([list(item_ids), source] * 4)) if item_ids else []
