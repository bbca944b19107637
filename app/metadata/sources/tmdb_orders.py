"""TMDb's episode groups: other orders in which people have put the episodes of a series. Pure and total.

Each group is a list of lists, "season" by "season". By its guidelines their numbers begin at 1 and specials stand at 0;
where somebody began to count at 0 with what are no specials, we begin at 1 all the same.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.library.descriptions import Description
from app.library.kinds import ItemKind
from app.library.repository.facts import Facts
from app.metadata.kinds import EpisodeOrder
from app.metadata.records import Child, Locale, Order
from app.metadata.sources import reading, tmdb_episodes
from app.metadata.sources.tmdb_episodes import Answers

_TYPES = {
    1: EpisodeOrder.ORIGINAL, 2: EpisodeOrder.ABSOLUTE, 3: EpisodeOrder.DVD, 4: EpisodeOrder.DIGITAL,
    5: EpisodeOrder.STORY_ARC, 6: EpisodeOrder.PRODUCTION, 7: EpisodeOrder.TV,
}  # fmt: skip

_SPECIALS = re.compile(r"\bspecials?\b|\bextras?\b|\bovas?\b", re.IGNORECASE)


def orders(series: Any) -> tuple[Order, ...]:
    """Return the groups of a series, as they come with it."""
    found: dict[str, Order] = {}
    for one in reading.items(series, "episode_groups", "results"):
        group_id, kind = reading.identifier(one, "id"), _TYPES.get(reading.integer(one, "type") or 0)
        if group_id is not None and kind is not None:
            order = Order(
                source="tmdb",
                id=group_id,
                kind=kind,
                name=reading.text(one, "name"),
                description=reading.prose(one, "description"),
                seasons=reading.count(one, "group_count"),
                episodes=reading.count(one, "episode_count"),
            )
            found.setdefault(group_id, order)
    return tuple(found.values())


def chosen(series: Any, order: str) -> str | None:
    """Return which group is meant: the one that was named, else of its kind the one that holds most. None: as aired."""
    found = orders(series)
    named = next((one.id for one in found if one.key == order), None)
    fitting = [one for one in found if one.kind == order]
    return named or (max(fitting, key=lambda one: one.episodes or 0).id if fitting else None)


def children(answers: Answers, series_id: str, locale: Locale) -> tuple[Child, ...]:
    """Return all episodes and what they stand in, numbered as the group has them."""
    groups = {language: list(reading.items(answer, "groups")) for language, answer in answers.items()}
    numbered = list(_numbered(groups[locale.base]))
    found: list[Child] = []
    count = 0
    for number, group in numbered:
        seasons = _in_all_languages(groups, group, locale)
        told = tmdb_episodes.by_id({lang: _in_order(one) for lang, one in seasons.items()}, locale)
        if told:
            found.append(_season(seasons, series_id, number, locale))
        for position, one in enumerate(told, 1):
            count += number > 0
            absolute = count if number else None
            found += tmdb_episodes.episode(one, number, position, absolute, locale)
    return tuple(found)


def _numbered(groups: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    listed = [(order, one) for one in groups if (order := reading.count(one, "order")) is not None]
    listed.sort(key=lambda pair: pair[0])
    shift = 0 if not listed or listed[0][0] or _is_special(listed[0][1]) else 1
    seen: set[int] = set()
    for order, one in listed:
        if order not in seen:
            seen.add(order)
            yield order + shift, one


def _is_special(group: Mapping[str, Any]) -> bool:
    if _SPECIALS.search(reading.text(group, "name") or ""):
        return True
    return all(reading.count(one, "season_number") == 0 for one in reading.items(group, "episodes"))


def _in_order(group: Any) -> list[Mapping[str, Any]]:
    """Return the episodes of a group: by their place in it, not by the number they have where they were aired."""
    return sorted(reading.items(group, "episodes"), key=_place)


def _place(one: Mapping[str, Any]) -> int:
    place = reading.count(one, "order")
    return reading.MAX_LIST if place is None else place


def _in_all_languages(
    groups: Mapping[str, Sequence[Mapping[str, Any]]], group: Mapping[str, Any], locale: Locale
) -> dict[str, Any]:
    own = reading.identifier(group, "id")
    found: dict[str, Any] = {locale.base: group}
    for language, listed in groups.items():
        same = next((one for one in listed if own is not None and reading.identifier(one, "id") == own), None)
        if language != locale.base and same is not None:
            found[language] = same
    return found


def _season(seasons: Answers, series_id: str, number: int, locale: Locale) -> Child:
    return Child(
        kind=ItemKind.SEASON,
        external_id=f"{series_id}/{number}",
        season=number,
        number=number,
        facts=Facts(title=reading.text(seasons[locale.base], "name")),
        description=Description(texts=tmdb_episodes.texts(seasons, locale)),
    )
