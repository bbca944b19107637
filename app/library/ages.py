"""From a board's word to an age: `PG-13`, `FSK 12`, `TV-MA`, `15`, `R 18+` → the years one has to have. Pure.

An age is what limits can be held against; the words themselves stay as their sources wrote them. Where a board only
advises (PG), the age is the one that its own text, or the country's shops, take it for. What is not recognised is no
age: such an item counts as unrated, never as harmless. The whole table stands in docs/library.md.
"""

import re
from collections.abc import Mapping

OLDEST = 21
"""No board asks for more."""

_UNRATED = frozenset({"NR", "UR", "UNRATED", "NOT RATED", "NOTRATED", "N/A", "NONE", "EXEMPT", "E", "TBA"})

_US = {
    "G": 0, "PG": 10, "GP": 10, "M": 10, "PG-13": 13, "R": 17, "NC-17": 18, "X": 18, "XXX": 18, "APPROVED": 0,
    "PASSED": 0, "TV-Y": 0, "TV-Y7": 7, "TV-Y7-FV": 7, "TV-G": 0, "TV-PG": 10, "TV-14": 14, "TV-MA": 17,
}  # fmt: skip

WORDS: Mapping[str, Mapping[str, int]] = {
    "US": _US,
    "AT": {"UNBESCHRÄNKT": 0},
    "AU": {"P": 0, "C": 0, "G": 0, "PG": 8, "M": 15, "MA": 15, "AV": 15, "R": 18, "X": 18, "RC": 18},
    "BR": {"L": 0, "AL": 0, "LIVRE": 0},
    "CA": {"C": 0, "C8": 8, "G": 0, "PG": 8, "R": 18, "A": 18},
    "CH": {},
    "DE": {
        "O.AL.": 0, "OAL": 0, "OHNE ALTERSBESCHRÄNKUNG": 0, "INFOPROGRAMM": 0, "LEHRPROGRAMM": 0,
        "KEINE JUGENDFREIGABE": 18, "KJ": 18, "SPIO/JK": 18,
    },
    "DK": {"A": 0},
    "ES": {"A": 0, "AI": 0, "APTA": 0, "TP": 0, "X": 18},
    "FI": {"S": 0, "T": 0},
    "FR": {"U": 0, "TP": 0, "TOUS PUBLICS": 0, "X": 18},
    "GB": {"U": 0, "UC": 0, "PG": 8, "E": 0},
    "HK": {"I": 0, "II": 12, "IIA": 12, "IIB": 15, "III": 18},
    "IE": {"G": 0, "PG": 8},
    "IN": {"U": 0, "UA": 12, "U/A": 12, "A": 18, "S": 18},
    "IT": {"T": 0},
    "JP": {"G": 0},
    "KR": {"ALL": 0, "RESTRICTED SCREENING": 19},
    "MX": {"AA": 0, "A": 0, "B": 12, "C": 18, "D": 18},
    "NL": {"AL": 0},
    "NO": {"A": 0},
    "NZ": {"G": 0, "PG": 8, "M": 16, "R": 18},
    "PL": {"BO": 0},
    "PT": {"PÚBLICOS": 0, "PUBLICOS": 0},
    "RU": {},
    "SE": {"BTL": 0, "BARNTILLÅTEN": 0},
    "SG": {"G": 0, "PG": 8},
    "TW": {"P": 6, "PG": 12, "R": 18},
}  # fmt: skip
"""Words that are no number, by country. A country that is not here is read as the United States are."""

NAMES = {
    "UK": "GB", "USA": "US", "UNITED STATES": "US", "UNITED KINGDOM": "GB", "GREAT BRITAIN": "GB", "ENGLAND": "GB",
    "GERMANY": "DE", "DEUTSCHLAND": "DE", "FRANCE": "FR", "AUSTRALIA": "AU", "CANADA": "CA", "BRAZIL": "BR",
    "SPAIN": "ES", "ITALY": "IT", "JAPAN": "JP", "SOUTH KOREA": "KR", "KOREA": "KR", "NETHERLANDS": "NL",
    "SWEDEN": "SE", "NORWAY": "NO", "DENMARK": "DK", "FINLAND": "FI", "IRELAND": "IE", "INDIA": "IN", "MEXICO": "MX",
    "NEW ZEALAND": "NZ", "POLAND": "PL", "PORTUGAL": "PT", "RUSSIA": "RU", "SINGAPORE": "SG", "AUSTRIA": "AT",
    "SWITZERLAND": "CH", "HONG KONG": "HK", "TAIWAN": "TW",
}  # fmt: skip

_WITH_COUNTRY = re.compile(r"([A-Z]{2})\s*[-:/]\s*(.+)")
_REASON = re.compile(r"\s+(?:FOR|DUE TO|BECAUSE OF|-)\s+.*")
_NUMBER = re.compile(
    r"""
    (?:(?:FSK|PEGI|BBFC|ESRB|CHVRS|ACB|AB|FREIGEGEBEN\ AB|FROM|AGE|AGES|VM|U/?A|RP|NC|MA|MG|PG|[A-Z])[\s:/-]*)?
    -?(?P<age>[0-9]{1,2})
    \s*(?:A|\+|PG|ANOS|AÑOS|ANS|YEARS|JAHREN?|(?:AND|&)\ (?:OVER|UP|OLDER))?\+?
    """,
    re.VERBOSE,
)


def minimum_age(country: str, value: str) -> int | None:
    """Return the age that a certification asks for; None where it asks for none that we know of.

    `country` is ISO 3166's code, or empty where the source said none.
    """
    country = country.strip().upper()
    country = NAMES.get(country, country)
    word = " ".join(value.upper().split()).removeprefix("RATED ").strip(" .")
    if (found := _WITH_COUNTRY.fullmatch(word)) and found[1] in WORDS and word not in WORDS[found[1]]:
        country, word = found[1], found[2]
    for said in dict.fromkeys((word, _REASON.sub("", word))):
        if (age := _age(country, said)) is not None:
            return age
    return None


def _age(country: str, word: str) -> int | None:
    words = WORDS.get(country, _US)
    bare = word.removeprefix("FSK").strip(" -:") if country == "DE" else word
    for spelling in (word, word + ".", bare, bare + "."):
        if spelling in words:
            return words[spelling]
    if word in _UNRATED:
        return None
    # What programs of the United States are marked with is written all over the world.
    if word.startswith("TV-") and word in _US:
        return _US[word]
    number = _NUMBER.fullmatch(word)
    if number is None:
        return None
    age = int(number["age"])
    return age if age <= OLDEST else None
