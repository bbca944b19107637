"""TMDb's seasons and episodes → ours. Pure and total, as `reading` is.

An answer is in one language; what it is not translated to has no overview, and a name that is none (`Episode 5`).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.library.descriptions import Description, Details, RemoteImage, Texts
from app.library.kinds import ImageRole, ItemKind
from app.library.repository.facts import Facts
from app.metadata.records import Apart, Child, Locale
from app.metadata.sources import reading
from app.metadata.sources.tmdb_reading import crew, image_url, people, ratings

Answers = Mapping[str, Any]
"""By language, the library's first."""


def seasons(series: Any) -> tuple[Apart, ...]:
    found: dict[int, Apart] = {}
    for one in reading.items(series, "seasons"):
        if (number := reading.count(one, "season_number")) is not None:
            found.setdefault(number, Apart(number, reading.count(one, "episode_count")))
    return tuple(found.values())


def episodes_before(series: Any, number: int) -> int | None:
    """Return how many episodes the seasons before this one have, specials left out; None: that is not said."""
    if not number:
        return None
    before = [season.episodes for season in seasons(series) if 0 < season.number < number]
    if len(before) < number - 1 or None in before:
        return None
    return sum(one for one in before if one is not None)


def season(answers: Answers, external_id: str, number: int, before: int | None, locale: Locale) -> tuple[Child, ...]:
    """Return a season and its episodes; `before` it there are so many others."""
    main = answers[locale.base]
    poster = image_url(reading.at(main, "poster_path"))
    itself = Child(
        kind=ItemKind.SEASON,
        external_id=external_id,
        season=number,
        number=number,
        facts=Facts(title=reading.text(main, "name"), released_on=reading.day(main, "air_date")),
        description=Description(
            texts=merged([texts(answers, locale), tuple(_translations(main, locale))]),
            images=() if poster is None else (RemoteImage(role=ImageRole.POSTER.value, url=poster),),
        ),
    )
    told = by_id({language: reading.items(answer, "episodes") for language, answer in answers.items()}, locale)
    listed = sorted(
        (
            (position, one)
            for one in told
            if (position := reading.count(one[locale.base], "episode_number")) is not None
        ),
        key=lambda pair: pair[0],
    )
    regular = [position for position, _ in listed if position]
    found = [itself]
    for position, one in listed:
        absolute = None if before is None or not position else before + regular.index(position) + 1
        found += episode(one, number, position, absolute, locale)
    return tuple(found)


def by_id(answers: Mapping[str, Iterable[Mapping[str, Any]]], locale: Locale) -> list[Answers]:
    """Return each episode as it is told of in every language, in the order of the library's."""
    known = {
        language: {reading.identifier(one, "id"): one for one in listed}
        for language, listed in answers.items()
        if language != locale.base
    }
    return [
        {locale.base: one}
        | {
            language: others[own]
            for language, others in known.items()
            if (own := reading.identifier(one, "id")) is not None and own in others
        }
        for one in answers[locale.base]
    ]


def episode(answers: Answers, season: int, number: int, absolute: int | None, locale: Locale) -> Iterator[Child]:
    one = answers[locale.base]
    external_id = reading.identifier(one, "id")
    if external_id is None:
        return
    still, aired = image_url(reading.at(one, "still_path")), reading.day(one, "air_date")
    yield Child(
        kind=ItemKind.EPISODE,
        external_id=external_id,
        season=season,
        number=number,
        absolute=absolute,
        aired=aired,
        facts=Facts(title=reading.text(one, "name"), released_on=aired),
        description=Description(
            texts=texts(answers, locale),
            details=Details(runtime_minutes=reading.minutes(one, "runtime")),
            credits=(*people(one, "guest_stars", role="guest"), *crew(one, "crew")),
            ratings=ratings(one),
            external_ids=(("tmdb", external_id),),
            images=() if still is None else (RemoteImage(role=ImageRole.THUMB.value, url=still),),
        ),
    )


def texts(answers: Answers, locale: Locale) -> tuple[Texts, ...]:
    """Return the library's language first, then others that say more than a number."""
    found = []
    for language, one in answers.items():
        title, plot = reading.text(one, "name"), reading.prose(one, "overview")
        if plot is not None or (language == locale.base and title is not None):
            found.append(Texts(language=language, title=title, plot=plot))
    return tuple(found)


def _translations(main: Any, locale: Locale) -> Iterator[Texts]:
    """Yield English and what else is kept, where a season is translated: it comes along at no further request."""
    for one in reading.items(main, "translations", "translations"):
        language, data = reading.text(one, "iso_639_1"), reading.at(one, "data")
        if language is not None and language in ("en", *locale.also):
            title, plot = reading.text(data, "name"), reading.prose(data, "overview")
            if plot is not None:
                yield Texts(language=language, title=title, plot=plot)


def merged(told: Iterable[Iterable[Texts]]) -> tuple[Texts, ...]:
    """Return one text for each language, the first that is there."""
    found: dict[str, Texts] = {}
    for one in told:
        for text in one:
            found.setdefault(text.language, text)
    return tuple(found.values())
