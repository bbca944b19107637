"""Who is credited: names, how they are joined when printed, how they sort, and who they are at MusicBrainz.

A name is split only where the tags say so: by several values, by as many identifiers as parts, by signs that no name
is written with. `Simon & Garfunkel`, `Tyler, the Creator` and `AC/DC` stay what they are.
"""

import re
from collections.abc import Sequence

from app.library.tagging.fields import Fields
from app.library.tagging.tags import Credit

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
FEATURING = r" [(\[]?(?:(?i:feat\.|ft\.|featuring)|feat) "
SEMICOLON = r" ?(?<!&amp)(?<!&quot)(?<!&apos)(?<!&#39);+ ?"
SURE = re.compile(rf"({FEATURING}|{SEMICOLON}| / )")
"""`feat` without its dot only in lower case, and `ft` never: Little Feat & Friends, 10 Ft. Ganja Plant."""
MAYBE = re.compile(rf"({FEATURING}|{SEMICOLON}| ?/ ?|, | & | \+ | (?i:and|with|vs\.?|x|und|et|y|e) )")
"""Also within names, so only where the number of identifiers agrees."""

UNKNOWN_JOIN = ", "
MAX_JOIN = 40
MAX_CREDITS = 50


def ids_in(values: Sequence[str]) -> list[str]:
    """Return MusicBrainz identifiers, however they were joined, without repetitions."""
    return list(dict.fromkeys(found for value in values for found in UUID.findall(value.lower())))[:MAX_CREDITS]


def credits_of(fields: Fields, role: str, *, is_slashed: bool) -> tuple[str | None, tuple[Credit, ...]]:
    """Return the credit as printed and its names; `role` is artist or album_artist."""
    printed, listed = fields.get(role, []), fields.get(f"{role}s", [])
    ids = ids_in(fields.get(f"{role}_id", []))
    display = printed[0] if len(printed) == 1 else None
    names = _names(display, listed or printed, ids, is_listed=bool(listed), is_slashed=is_slashed)[:MAX_CREDITS]
    if not names:
        return display, ()
    phrases = _phrases(names, display)
    if display is None or ";" in "".join(phrases):  # joined by a program, for programs
        phrases = [UNKNOWN_JOIN if ";" in phrase else phrase for phrase in phrases]
        display = "".join(name + phrase for name, phrase in zip(names, phrases, strict=True))
    sorts = _sort_names(fields.get(f"{role}s_sort") or fields.get(f"{role}_sort", []), phrases, len(names))
    known: Sequence[str | None] = ids if len(ids) == len(names) else [None] * len(names)
    rows = zip(names, phrases, sorts, known, strict=True)
    return display, tuple(
        Credit(name=name, joinphrase=phrase, sort_name=sort, musicbrainz_id=artist_id)
        for name, phrase, sort, artist_id in rows
    )


def _names(display: str | None, values: list[str], ids: list[str], *, is_listed: bool, is_slashed: bool) -> list[str]:
    if len(values) != 1 or len(ids) == 1:
        return values
    (value,) = values
    if is_listed and is_slashed and "/" in value:
        return _unslashed(value, display, len(ids))
    if len(ids) > 1 and len(names := split(value, MAYBE)) == len(ids):
        return names
    return split(value, SURE)


def split(value: str, separators: re.Pattern[str]) -> list[str]:
    """Split at separators; not at all if that would leave nothing between two of them."""
    names = [_unbracketed(name.strip()) for name in separators.split(value)[::2]]
    return list(dict.fromkeys(names)) if all(names) else [value]


def _unbracketed(name: str) -> str:
    """Drop the bracket that `(feat. ` had opened."""
    for opening, closing in ("()", "[]"):
        if name.endswith(closing) and name.count(closing) > name.count(opening):
            return name[:-1].strip()
    return name


def _unslashed(value: str, display: str | None, count: int) -> list[str]:
    """Undo a slash between values: of `AC/DC/Queen` the printed credit tells which slash belongs to a name."""
    pieces = value.split("/")
    if len(pieces) == count and all(pieces):
        return pieces
    if display is None or len(pieces) > MAX_CREDITS:
        return [value]
    names, at = [], 0
    while pieces:
        for length in range(len(pieces), 0, -1):
            name = "/".join(pieces[:length])
            if name and (found := display.find(name, at)) >= 0:
                names.append(name)
                pieces, at = pieces[length:], found + len(name)
                break
        else:
            return [value]
    return names


def _phrases(names: list[str], display: str | None) -> list[str]:
    """Find what stands between the names in the printed credit."""
    phrases, at = [], 0
    for number, name in enumerate(names):
        found = (display or "").find(name, at)
        if found < 0 or (number == 0 and found > 0) or found - at > MAX_JOIN:
            return [UNKNOWN_JOIN] * (len(names) - 1) + [""]
        if number:
            phrases.append((display or "")[at:found])
        at = found + len(name)
    rest = (display or "")[at:]
    return [*phrases, rest if len(rest) <= MAX_JOIN else ""]


def _sort_names(values: list[str], phrases: list[str], count: int) -> Sequence[str | None]:
    """Give each name its own; one value for all is joined by the same phrases as the names."""
    if len(values) == count:
        return values
    if len(values) == 1:
        parts, rest = [], values[0]
        for phrase in phrases[:-1]:
            part, found, rest = rest.partition(phrase)
            if found:
                parts.append(part)
        parts.append(rest.removesuffix(phrases[-1]))
        if len(parts) == count and all(parts):
            return parts
    return [None] * count
