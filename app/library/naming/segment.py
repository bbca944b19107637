"""One name, a file's or a folder's, read by itself."""

import re
from dataclasses import dataclass
from functools import lru_cache

from app.library.naming import patterns as p
from app.library.naming.text import LONGEST, squeeze


@dataclass(frozen=True, slots=True)
class Segment:
    title: str
    """Empty: the name says nothing but tags."""
    year: int | None
    ids: tuple[tuple[str, str], ...]
    edition: str | None
    rest: str
    """What comes after title and year."""


@lru_cache(maxsize=1024)
def read_segment(name: str) -> Segment:
    text = name[:LONGEST]
    text, ids = take_ids(text)
    text, edition = take_edition(without_site(text))
    scene = " " not in text.strip()
    text = spaced(text)
    title, year, rest = _split(text)
    if year is None and rest:
        title = p.LANGUAGE_AT_END.sub("", title.rstrip(" .([")) or title
    title, early = _take_early_edition(title, scene=scene)
    return Segment(clean(title), year, ids, edition or early or _late_edition(rest), squeeze(rest))


def without_site(text: str) -> str:
    found = p.SITE.match(text) if "www." in text.lower() else None
    return text if found is None else text[found.end() :]


def _take_early_edition(title: str, *, scene: bool) -> tuple[str, str | None]:
    """Take an edition off the end of what stands before the year or the first tag."""
    text = title.rstrip(" .([-")
    if (found := p.EDITION_BEFORE_YEAR.search(text)) is not None:
        return text[: found.start()], found[1].replace(".", " ")
    if scene and (short := p.SCENE_EDITION.search(text)) is not None:
        return text[: short.start()], p.EDITIONS[short[1]]
    return title, None


def _late_edition(rest: str) -> str | None:
    if not rest:
        return None
    if (short := p.ABBREVIATED_EDITION.match(rest)) is not None:
        return p.EDITIONS[short[1]]
    found = p.EDITION.search(rest)
    return found[1].replace(".", " ") if found is not None else None


def take_ids(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    ids: dict[str, str] = {}
    if "-" in text or "=" in text or ":" in text:
        for match in p.PROVIDER_ID.finditer(text):
            for provider in p.PROVIDERS:
                if (value := match[f"{provider}_value"]) is not None:
                    ids.setdefault(provider, value.lower())
        if ids:
            text = p.PROVIDER_ID.sub(" ", text)
    if "tt" in text and (bare := p.BARE_IMDB.search(text)) is not None:
        ids.setdefault("imdb", bare[1])
        text = text.replace(bare[1], " ")
    return (p.EMPTY_BRACKETS.sub(" ", text) if ids else text), tuple(sorted(ids.items()))


def take_edition(text: str) -> tuple[str, str | None]:
    if "{" not in text or (match := p.EDITION_TAG.search(text)) is None:
        return text, None
    return text.replace(match[0], " "), squeeze(match[1]) or None


def spaced(text: str) -> str:
    """Turn the dots and underscores of scene names into spaces; a name with more spaces than dots keeps its dots."""
    text = text.replace("_", " ")
    if text.strip().count(" ") >= text.count("."):
        return text
    text = p.INITIALS.sub(_keep_dots, text)
    return text.replace(".", " ").replace("\0", ".")


def _keep_dots(initials: re.Match[str]) -> str:
    kept = initials[0].replace(".", "\0")
    return f"{kept} " if kept.endswith("\0") else kept


def _split(text: str) -> tuple[str, int | None, str]:
    """Split into title, year and the rest."""
    for match in p.BRACKETED_YEAR.finditer(text):
        if squeeze(text[: match.start()]) and int(match[1]) >= p.FIRST_YEAR:
            return _before(text, match.start()), int(match[1]), text[match.end() :]
    leading = p.BRACKETED_YEAR.match(text.lstrip())
    if leading is not None and squeeze(text.lstrip()[leading.end() :]):
        title, _, rest = _split_plain(text.lstrip()[leading.end() :])
        return title, int(leading[1]), rest
    return _split_plain(text)


def _split_plain(text: str) -> tuple[str, int | None, str]:
    group = p.LEADING_GROUP.match(text) if text.startswith("[") else None
    start = group.end() if group is not None and is_word(p.SQUARE_OR_CURLY.sub("", text[group.end() :])) else 0
    tag = next((m for m in p.RELEASE_TAG.finditer(text, start) if is_word(text[start : m.start()])), None)
    end = tag.start() if tag is not None else len(text)
    for match in reversed(list(p.PLAIN_YEAR.finditer(text, 0, end))):
        before = squeeze(text[: match.start()])
        if (
            before
            and p.FIRST_YEAR <= int(match[1]) <= p.LAST_YEAR
            and before.rpartition(" ")[2].casefold() not in p.OWNS_A_NUMBER
            and p.DATE.search(text) is None
        ):
            return _before(text, match.start()), int(match[1]), text[match.end() :]
    return _before(text, end) if end < len(text) else text, None, text[end:]


def _before(text: str, end: int) -> str:
    """Return what stands before, without the dot that parts it: `10 Cloverfield Lane.[1080p]`."""
    end -= text[end - 1 : end] in {"[", "("}
    before = text[:end]
    return before[:-1] if before.endswith(".") and not before.endswith("..") else before


def is_word(before: str) -> bool:
    return any(character.isalnum() for character in before)


def clean(title: str) -> str:
    """Drop groups and tags in brackets, unless they are all there is."""
    whole = squeeze(p.EMPTY_BRACKETS.sub(" ", title))
    text = p.EMPTY_BRACKETS.sub(" ", title) if whole else title
    if (ordered := p.ORDERED.match(text)) is not None:
        text = text[ordered.end() :]
    group = p.LEADING_GROUP.match(text)
    if group is not None and group[1].casefold() not in p.BRACKETED_TITLES:
        after = text[group.end() :]
        if any(character.isalpha() for character in p.SQUARE_OR_CURLY.sub("", after)):
            text = after
    start = p.LEADING_GROUP.match(text)
    kept = start.end() if start is not None else 0
    text = squeeze(text[:kept] + p.SQUARE_OR_CURLY.sub(" ", text[kept:]))
    for opening, closing in ("()", "[]", "{}"):
        if (opened := text.rfind(opening)) > text.rfind(closing):
            # The cut went through a bracket.
            text = squeeze(text[:opened]) or text
    if text.endswith(")"):
        text = squeeze(p.TAG_IN_PARENS.sub("", text)) or text
    text = p.VERSION_AT_END.sub("", text)
    return text if is_word(text) or not whole else whole
