"""Season and episode, said outright: S01E02, 1x02, Season 1 Episode 2, Cap.102."""

import re

from app.library.naming import patterns as p
from app.library.naming.numbering.days import EDGE, END
from app.library.naming.numbering.numbers import EPISODE_WORDS, Numbers, continued
from app.library.naming.seasons import WEAK, number_of, seasons_in

_GAP = r"[ ._-]{0,3}"

_EXPLICIT = re.compile(rf"(?:s|{EDGE}t)([0-9]{{1,4}}){_GAP}(?:xe?|e(?:p(?:isode)?)?)[ ._-]?([0-9]{{1,5}})(?![0-9])")
_SCENE = re.compile(rf"s[0-9]{{2}}e[0-9]{{2}}{END}")
_CROSSED = re.compile(rf"{EDGE}([0-9]{{1,4}})x(?:e)?([0-9]{{1,4}})(?![0-9])")

_IN_WORDS = re.compile(
    rf"{_GAP}[\[(,_]?{_GAP}(?:of ?[0-9]{{1,2}}{_GAP})?(?:{EPISODE_WORDS}|e)[ ._-]{{0,3}}#?([0-9]{{1,5}})(?![0-9])"
)

_SEASON_THEN_WORDS = re.compile(rf"[ ._-]{{0,3}}[,(]?[ ._-]{{0,3}}([0-9]{{1,4}})[ ._-]?(?:{EPISODE_WORDS}){END}")

_CODED = re.compile(r"\[?cap\.? ?([0-9]{1,2})([0-9]{2})(?:_([0-9]{1,2})([0-9]{2}))?(?![0-9])")

_WORDED = re.compile(
    rf"{EDGE}(?:(?:{EPISODE_WORDS})(?:[ ._-]{{0,3}}|\.)|e|#)([0-9]{{1,4}})(?:v[0-9])?{END}|#([0-9]{{1,4}}){END}"
)


def explicit(text: str) -> Numbers | None:
    found = next((match for match in _EXPLICIT.finditer(text) if _is_apart(text, match)), None)
    if found is None:
        found = next((match for match in _CROSSED.finditer(text) if _is_episode(match)), None)
        if found is None:
            return None
    return continued(text, found.start(), found.end(), int(found[1]), int(found[2]))


def _is_apart(text: str, found: re.Match[str]) -> bool:
    """Nothing stands right before, or it is a title of the scene: grp-zoos01e11."""
    before = text[found.start() - 1] if found.start() else " "
    return not before.isalnum() or (before.isalpha() and _SCENE.match(text, found.start()) is not None)


_MOST_DAYS = 366


def _is_episode(crossed: re.Match[str]) -> bool:
    """`1280x720` is none, `2016x231` is."""
    season, episode = crossed[1], crossed[2]
    if len(season) < 3:  # noqa: PLR2004  more digits only for years
        return True
    return p.FIRST_YEAR < int(season) <= p.LAST_YEAR and int(episode) <= _MOST_DAYS and episode != "360"


def in_words(text: str) -> Numbers | None:
    if "cap" in text and (coded := _coded(text)) is not None:
        return coded
    for season in seasons_in(text):
        if season["counted"] and season[0].startswith(WEAK):
            continue
        after = _IN_WORDS.match(text, season.end()) or _SEASON_THEN_WORDS.match(text, season.end())
        if after is not None:
            return continued(text, season.start(), after.end(), number_of(season), int(after[1]))
        later = _WORDED.search(text, season.end())
        if later is not None and later[1] is not None and not season["short"] and not season[0].startswith(WEAK):
            return continued(text, season.start(), later.end(), number_of(season), int(later[1]))
    return None


def _coded(text: str) -> Numbers | None:
    """`Temporada 2 [Cap.201]`, as the Spanish scene writes."""
    coded = _CODED.search(text)
    if coded is None:
        return None
    start = next((season.start() for season in seasons_in(text[: coded.start()])), coded.start())
    last = int(coded[4]) if coded[4] else int(coded[2])
    return Numbers(start, coded.end(), season=int(coded[1]), first=int(coded[2]), last=last, is_explicit=True)
