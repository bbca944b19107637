"""How alike two titles are. Pure.

Spelling, accents, articles and how a number is written make no difference; another number makes another film: Rocky II
is not Rocky, and a search finds both.
"""

import re
import unicodedata
from functools import lru_cache

_AND = re.compile(r"\s*[&+]\s*")
_NOT_WORD = re.compile(r"[^\w]+")
_JOINING = re.compile(r"['’`´.]")
_ARTICLES = frozenset(
    {
        "the", "a", "an", "der", "die", "das", "ein", "eine", "le", "la", "les", "l", "un", "une", "el", "los", "las",
        "il", "lo", "gli", "i", "o", "os", "as", "de", "het", "een", "den", "det",
    }
)  # fmt: skip
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "xi": "11", "xii": "12"}
"""Not i, v and x: those are words and letters as often."""
_WORDS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8"}
_PARTS = frozenset({"part", "chapter", "vol", "volume", "episode", "teil", "partie", "parte", "kapitel"})
_DIGITS = re.compile(r"\d+")

_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "ı": "i", "þ": "th", "½": " 1 2"}
)

OTHER_NUMBER = 0.4
"""What is left of the likeness of two titles that are counted otherwise."""

MAX_LENGTH = 200


@lru_cache(maxsize=4096)
def words_of(title: str) -> tuple[str, ...]:
    """Return a title as it is compared: its words, without case, accents, signs and a leading article."""
    plain = _JOINING.sub("", _AND.sub(" and ", title[:MAX_LENGTH].casefold()))
    plain = unicodedata.normalize("NFKD", plain.translate(_LETTERS))
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    words = _NOT_WORD.sub(" ", plain).replace("_", " ").split()
    if len(words) > 1 and words[0] in _ARTICLES:
        words = words[1:]
    return tuple(_counted(words))


def _counted(words: list[str]) -> list[str]:
    """Write numbers one way, where they count: at the end, or behind `part` and its like."""
    found = []
    for place, word in enumerate(words):
        behind = words[place - 1] if place else ""
        if place and (behind in _PARTS or place == len(words) - 1 or word in _ROMAN):
            word = _ROMAN.get(word) or (_WORDS.get(word) if behind in _PARTS else None) or word  # noqa: PLW2901
        found.append(word)
    return [word for word in found if word not in _PARTS] or found


def numbers_of(words: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(int(digits) for word in words for digits in _DIGITS.findall(word) if len(digits) <= 9)  # noqa: PLR2004


def likeness(one: str, other: str) -> float:
    """Return 1 for the same title, less for other spellings, nothing for what has nothing in common."""
    first, second = words_of(one), words_of(other)
    if not first or not second:
        return 0.0
    joined, against = "".join(first), "".join(second)
    if joined == against:
        return 1.0
    likeness = 1 - _distance(joined, against) / max(len(joined), len(against))
    shared = len({*first} & {*second}) / max(len({*first}), len({*second}))
    # A whole word more or less is another title oftener than it is a misspelling.
    likeness = 0.6 * likeness + 0.4 * shared if len(first) != len(second) else 0.85 * likeness + 0.15 * shared
    return likeness * (OTHER_NUMBER if numbers_of(first) != numbers_of(second) else 1.0)


@lru_cache(maxsize=4096)
def _distance(one: str, other: str) -> int:
    """Return how many letters have to be changed, added, left out or swapped with their neighbour."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, against in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
