"""What a person says of one item: each field by itself, so that all else they said before stands."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from app.db.tx import Tx
from app.ids import uuid7
from app.library.ages import minimum_age
from app.library.descriptions import UNKNOWN_LANGUAGE
from app.library.kinds import FactSource, LabelKind
from app.library.repository import ages
from app.library.repository.facts import Facts
from app.library.repository.rows import rows, run

USER = FactSource.USER

LOCK = "SELECT locked FROM item WHERE id = %s FOR NO KEY UPDATE"

KEEP_LOCKS = "UPDATE item SET locked = %s::text[], updated_at = now() WHERE id = %s AND locked <> %s::text[]"

FACTS = "SELECT facts FROM item_facts WHERE item_id = %s AND source = %s"

TEXTS = "SELECT plot, outline, tagline FROM item_text WHERE item_id = %s AND source = %s AND language = %s"

PUT_TEXTS = """
    INSERT INTO item_text (item_id, source, language, plot, outline, tagline) VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (item_id, source, language) DO UPDATE
    SET plot = excluded.plot, outline = excluded.outline, tagline = excluded.tagline
"""

FORGET_LABELS = """
    DELETE FROM item_label USING label
    WHERE item_label.item_id = %s AND item_label.source = %s AND label.id = item_label.label_id AND label.kind = %s
"""

MAKE_LABELS = """
    INSERT INTO label (id, kind, name) SELECT new.id, %s, new.name FROM unnest(%s::uuid[], %s::text[]) AS new (id, name)
    ON CONFLICT (kind, lower(name)) DO NOTHING
"""

ADD_LABELS = """
    INSERT INTO item_label (item_id, source, label_id, position)
    SELECT DISTINCT ON (label.id) %s, %s, label.id, new.position
    FROM unnest(%s::text[]) WITH ORDINALITY AS new (name, position)
    JOIN label ON label.kind = %s AND lower(label.name) = lower(new.name)
    ORDER BY label.id, new.position
"""

FORGET_CERTIFICATIONS = "DELETE FROM certification WHERE item_id = %s AND source = %s"

ADD_CERTIFICATION = "INSERT INTO certification (item_id, source, country, value, age) VALUES (%s, %s, %s, %s, %s)"


async def lock(tx: Tx, item_id: UUID) -> list[str] | None:
    """Keep an item for oneself until this transaction ends; return what is locked of it, None if there is none."""
    found = await rows(tx, LOCK, item_id)
    return list(found[0][0]) if found else None


async def keep_locks(tx: Tx, item_id: UUID, locked: Sequence[str]) -> bool:
    """Return whether that is something new."""
    return bool(await run(tx, KEEP_LOCKS, list(locked), item_id, list(locked)))


async def facts_of(tx: Tx, item_id: UUID) -> Facts:
    found = await rows(tx, FACTS, item_id, USER)
    return msgspec.convert(found[0][0], Facts) if found else Facts()


async def put_texts(tx: Tx, item_id: UUID, said: Mapping[str, str | None]) -> None:
    """Say these texts; None takes one back."""
    found = await rows(tx, TEXTS, item_id, USER, UNKNOWN_LANGUAGE)
    before = dict(zip(("plot", "outline", "tagline"), found[0] if found else (None, None, None), strict=True))
    await run(tx, PUT_TEXTS, item_id, USER, UNKNOWN_LANGUAGE, *(before | dict(said)).values())


async def put_labels(tx: Tx, item_id: UUID, kind: LabelKind, names: Sequence[str]) -> None:
    """Say all labels of a kind; none takes one's word back."""
    await run(tx, FORGET_LABELS, item_id, USER, kind)
    if names:
        made = sorted(set(names), key=lambda name: (name.lower(), name))
        await run(tx, MAKE_LABELS, kind, [uuid7() for _ in made], made)
        await run(tx, ADD_LABELS, item_id, USER, list(names), kind)


async def put_certifications(tx: Tx, item_id: UUID, said: Mapping[str, str]) -> None:
    """Say all certifications, by country; none takes one's word back."""
    await run(tx, FORGET_CERTIFICATIONS, item_id, USER)
    for country, value in sorted(said.items()):
        await run(tx, ADD_CERTIFICATION, item_id, USER, country, value, minimum_age(country, value))
    await ages.refresh(tx, [item_id])
