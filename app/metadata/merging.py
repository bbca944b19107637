"""Several sources' records of one item → one description, by the order in which the sources are believed. Pure.

Field by field the first who says something; lists of one sort are taken whole, or two casts would be mixed.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from app.library.descriptions import Credited, Description, Details, RemoteImage, Texts
from app.library.repository.facts import COLUMNS, Facts
from app.metadata.records import Kept

T = TypeVar("T")

_DETAILS = tuple(name for name in Details.__dataclass_fields__ if name != "is_locked")
"""A source from outside closes nothing."""

MAX_OF_A_ROLE = 8
"""Pictures."""


def merge(kept: Sequence[Kept]) -> Kept:
    """Merge records, the most believed first."""
    described = [one.description for one in kept]
    facts = Facts(**{name: _first(getattr(one.facts, name) for one in kept) for name in COLUMNS})
    return Kept(
        facts=facts,
        description=Description(
            texts=_texts(described),
            details=Details(**{name: _first(getattr(one.details, name) for one in described) for name in _DETAILS}),
            credits=_credits(described),
            labels=_labels(described),
            collection=_first(one.collection for one in described),
            ratings=_distinct([rated for one in described for rated in one.ratings], lambda rated: rated.name),
            certifications=_distinct([pair for one in described for pair in one.certifications], lambda pair: pair[0]),
            external_ids=_distinct([pair for one in described for pair in one.external_ids], lambda pair: pair[0]),
            images=_images(described),
        ),
    )


def _first(values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _distinct(values: Sequence[T], key: Callable[[T], object]) -> tuple[T, ...]:
    """Return the first of each key: rows have one."""
    found: dict[object, T] = {}
    for value in values:
        found.setdefault(key(value), value)
    return tuple(found.values())


def _texts(described: Sequence[Description]) -> tuple[Texts, ...]:
    found: dict[str, Texts] = {}
    for text in (text for one in described for text in one.texts):
        before = found.get(text.language, Texts(language=text.language))
        found[text.language] = replace(
            before,
            title=before.title or text.title,
            plot=before.plot or text.plot,
            outline=before.outline or text.outline,
            tagline=before.tagline or text.tagline,
        )
    return tuple(found.values())


def _credits(described: Sequence[Description]) -> tuple[Credited, ...]:
    chosen: tuple[Credited, ...] = next((one.credits for one in described if one.credits), ())
    return _distinct(chosen, lambda credit: (credit.key, credit.role, credit.character))


def _labels(described: Sequence[Description]) -> tuple[tuple[str, str], ...]:
    found: dict[str, list[tuple[str, str]]] = {}
    for one in described:
        own: dict[str, list[tuple[str, str]]] = {}
        for kind, name in one.labels:
            own.setdefault(kind, []).append((kind, name))
        for kind, labels in own.items():
            found.setdefault(kind, labels)
    return tuple(label for labels in found.values() for label in labels)


def _images(described: Sequence[Description]) -> tuple[RemoteImage, ...]:
    counts: dict[str, int] = {}
    found = []
    for image in _distinct([image for one in described for image in one.images], lambda image: (image.role, image.url)):
        counts[image.role] = counts.get(image.role, 0) + 1
        if counts[image.role] <= MAX_OF_A_ROLE:
            found.append(image)
    return tuple(found)
