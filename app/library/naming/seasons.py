"""Seasons, as folders and titles name them, in the languages people label their shelves in."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

WORDS = (
    "seasons?|seasong|series|staffel|saison|serie|temporadas?|temp|tem|stagione|saeson|sæson|sasong|sesong|seizoen|kausi|"
    "sezonul|sezona|sezonu|sezon|serija|seria|evad|evadok|musim|mua|сезон|сезона|сезони|σεζον|κυκλος|시즌|シーズン|"
    "الموسم|עונה|book|livre|livro|libro|se"
)
"""Without accents, for names are compared without: Säsong, sezóna, évad, mùa. `se` is what the Dutch scene writes."""

WEAK = ("series", "serie", "book", "libro", "tem", "se ", "se.")
"""Words that are a season's only where nothing else stands before them."""

SPECIALS = frozenset(
    (
        *("specials", "special", "season specials", "ova", "ovas", "oad", "oads", "ova & specials"),
        *("speciale", "speciali", "especiales", "especial", "especiais", "speciaux", "episodes speciaux", "hors-serie"),
        *("sonderfolgen", "speciaal", "specialafsnit", "specialer", "odcinki specjalne"),
        *("спешлы", "спецвыпуски", "специальные выпуски", "スペシャル", "特典", "特别篇"),
    )
)

_COUNTING = ("one first 一", "two second 二", "three third 三", "four fourth 四", "five fifth 五", "six sixth 六",
             "seven seventh 七", "eight eighth 八", "nine ninth 九", "ten tenth 十")  # fmt: skip
NUMBERS = {word: number for number, words in enumerate(_COUNTING, start=1) for word in words.split()}
ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10}

_NUMBER = r"[0-9]{1,4}(?![0-9])"
_COUNTED = "|".join([*NUMBERS, *ROMAN])
_BEFORE = r"(?<![^\W_])"
_AFTER = r"(?![^\W_])"
_ORDINAL = r"(?:st|nd|rd|th|eme|er|e|ª|º|-?й|\.)?"

IN_NAME = re.compile(
    rf"{_BEFORE}(?:"
    rf"(?<!final[ ._-])(?:{WORDS})[ ._:-]{{0,3}}(?:"
    rf"(?P<after>{_NUMBER})|(?P<counted>{_COUNTED}){_AFTER}(?![ ._-]season))|"
    rf"s[ ._-]?(?P<short>{_NUMBER}){_AFTER}|"
    rf"(?P<before>[0-9]{{1,2}}){_ORDINAL}[ ._-]{{0,3}}(?:{WORDS}){_AFTER}|"
    rf"(?P<ordinal>second|third|fourth|fifth|sixth)[ ._-](?:season){_AFTER}"
    rf")|第(?P<cjk>[0-9]{{1,3}}|[一二三四五六七八九十])(?:季|期|シーズン|部)",
    re.IGNORECASE,
)
_STEMS = (
    *(
        "seas",
        "seri",
        "staf",
        "sais",
        "temp",
        "tem",
        "stag",
        "saes",
        "sæs",
        "sas",
        "seso",
        "seiz",
        "kaus",
        "sez",
        "evad",
    ),
    *("musi", "mua", "сез", "σεζ", "κυκ", "시즌", "シー", "الم", "עונ", "book", "liv", "lib", "se.", "se ", "第"),
)
_SHORT = re.compile(r"s[ ._-]?[0-9]")


def seasons_in(text: str) -> Iterator[re.Match[str]]:
    """Yield where a folded name names a season. Looks for their stems first: the pattern is the slowest of all."""
    if _SHORT.search(text) is not None or any(map(text.__contains__, _STEMS)):
        yield from IN_NAME.finditer(text)


RANGE = re.compile(
    r"[ ._]{0,3}(?:[-&~+,]|to|and|bis|a)[ ._]{0,3}(?:s|season[ ._]?)?[0-9]{1,3}(?![0-9a-z])", re.IGNORECASE
)
"""After a season: several, so that the folder is a whole show."""

_BARE = re.compile(r"[0-9]{1,2}|(?:19|20)[0-9]{2}")
_SPANISH = re.compile(r"t([0-9]{1,2})")
"""Temporada 1."""
_LETTERED = re.compile(r"(?:series|season) ([a-hj-uwyz])")
"""As QI counts. I, V and X are Roman numerals: many have a `Season V`."""
_EPISODE = re.compile(
    r"(?<![^\W_])(?:s[0-9]{1,4}[ ._-]{0,3}e[0-9]|[0-9]{1,3}x[0-9]{2}(?![0-9])|e(?:p|pisode)?[ ._-]?[0-9])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SeasonFolder:
    season: int | None
    """None: several at once."""
    series: str
    """What stands before: `Show` of `Show.S01.1080p`. Empty for a folder that names nothing but a season."""


def number_of(found: re.Match[str]) -> int:
    """Return the season that `IN_NAME` found."""
    word = (found["counted"] or found["ordinal"] or found["cjk"] or "").casefold()
    if word:
        return int(word) if word.isdigit() else NUMBERS.get(word) or ROMAN[word]
    return int(found["after"] or found["short"] or found["before"])


@lru_cache(maxsize=4096)
def read_season_folder(name: str) -> SeasonFolder | None:
    """Return the season a folder of this name holds, None if it names none."""
    text = folded(name).strip()
    if (plain := _plain(text)) is not None:
        return SeasonFolder(plain, "")
    found = next(seasons_in(text), None)
    if found is None or _EPISODE.search(text) is not None:
        return None
    before = name[: found.start()].strip(" ._-[({")
    if found["before"] is not None and before and not found[0][len(found["before"])].isalpha():
        return None  # `300 2 series`: too little to go by
    if before and found[0].startswith(WEAK):
        return None
    several = RANGE.match(text, found.end()) is not None
    return SeasonFolder(None if several else number_of(found), before)


def _plain(text: str) -> int | None:
    """Return the season of a folder that says nothing else."""
    if text.strip(" []()") in SPECIALS:
        return 0
    if _BARE.fullmatch(text) is not None:
        return int(text)
    if (spanish := _SPANISH.fullmatch(text)) is not None:
        return int(spanish[1])
    lettered = _LETTERED.fullmatch(text)
    return None if lettered is None else ord(lettered[1]) - ord("a") + 1


def folded(name: str) -> str:
    """Return a name in lower case, its Latin and Greek letters without accents, and just as long: a place in it is a
    place in the name."""
    if name.isascii():
        return name.lower()
    return "".join(map(_folded, name))


@lru_cache(maxsize=2048)
def _folded(character: str) -> str:
    if "\u0250" <= character < "\u0370" or character >= "\u0400":
        return character.lower() if len(character.lower()) == 1 else character
    return unicodedata.normalize("NFD", character.casefold())[0]
