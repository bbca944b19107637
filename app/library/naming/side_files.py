"""Files beside films, episodes and songs: subtitles, lyrics, artwork, NFO."""

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import chain

from app.library.naming.languages import language_of
from app.library.naming.parsed import ArtworkRole, ParsedSideFile, SideKind
from app.library.naming.text import LONGEST, clean_text

EXTENSIONS = {
    **dict.fromkeys("srt ass ssa vtt sup sub idx smi sami ttml dfxp usf".split(), SideKind.SUBTITLE),  # noqa: SIM905
    **dict.fromkeys(("lrc", "elrc"), SideKind.LYRICS),
    **dict.fromkeys("jpg jpeg png webp gif avif bmp tbn".split(), SideKind.ARTWORK),  # noqa: SIM905  reads better
    "nfo": SideKind.NFO,
}
"""`txt` is left out: a song's words may stand in one, but so does everything else."""

SUBTITLE_FOLDERS = frozenset(
    "subs subtitles subtitle sub subtitulos untertitel captions vobsubs sous-titres".split()  # noqa: SIM905
)
BACKDROP_FOLDERS = frozenset({"extrafanart", "backdrops"})

_ROLES = {
    ArtworkRole.POSTER: "poster folder cover movie default show jacket front albumart keyart album",
    ArtworkRole.BACKDROP: "backdrop fanart background art",
    ArtworkRole.LOGO: "logo clearlogo",
    ArtworkRole.BANNER: "banner",
    ArtworkRole.THUMB: "thumb landscape",
    ArtworkRole.DISC: "disc cdart discart",
    ArtworkRole.CLEARART: "clearart",
    ArtworkRole.ARTIST: "artist",
}
ROLE_WORDS = {word: role for role, words in _ROLES.items() for word in words.split()}
_WORDS = "|".join(sorted(ROLE_WORDS, key=len, reverse=True))
_NUMBERED = re.compile(
    rf"(?:(?:movie|tvshow|show|artist|album)-)?({_WORDS})(?:[-_ ]?\(?([0-9]{{1,3}})\)?)?", re.IGNORECASE
)
_OF_STEM = re.compile(rf"[-._ ]({_WORDS})(?:[-_ ]?([0-9]{{1,3}}))?", re.IGNORECASE)
_SEASON = re.compile(
    rf"season[-_ ]?([0-9]{{1,4}}|-specials|specials|-all|all)(?:[-_ ]({_WORDS})(?:[-_ ]?([0-9]{{1,3}}))?)?",
    re.IGNORECASE,
)
_WINDOWS = re.compile(r"albumart(?:_\{[0-9a-f-]{36}\}_)?(large|small)", re.IGNORECASE)
"""What Windows Media Player leaves: better than nothing, behind all else."""
_FRONT = re.compile(r"front[-_ ]?cover|cover[-_ ]?\(?front\)?", re.IGNORECASE)
_SPECIALS = re.compile(r"^specials(?=$|[-_ ])", re.IGNORECASE)
_SUBJECTS = {"movie": "movie", "tvshow": "tvshow", "season": "season", "artist": "artist", "album": "album"}
_SEPARATORS = re.compile(r"[._]| - |[\[\](){}]")
_REGION = re.compile(r"(?<![^\W_])([a-z]{2,3})_([a-z]{2})(?![^\W_])", re.IGNORECASE)
_LEADING_NUMBER = re.compile(r"[0-9]{1,3}[ _-]+")
_COMMON_REGIONS = frozenset({"pt-BR", "pt-PT", "zh-CN", "zh-TW", "zh-HK", "en-US", "en-GB", "fr-CA", "es-MX", "es-ES"})
_FLAGS = {
    "default": "is_default",
    "forced": "is_forced",
    "foreign": "is_forced",
    "sdh": "is_sdh",
    "cc": "is_sdh",
    "hi": "is_sdh",
    "hearing impaired": "is_sdh",
}
_BEHIND_ALL = 1000
_ANY_LENGTH = 1000
"""No system has names of so many characters."""
MOST_WORDS = 12
"""A name with more says nothing of languages."""


def format_of(name: bytes) -> str:
    """Return what subtitles or lyrics are written in: the extension, but for the index of a VobSub."""
    extension = name.rpartition(b".")[2].lower().decode("ascii", "replace")
    return "vobsub" if extension == "idx" else extension


def parse_side_file(name: str, stems: Collection[str], folders: Sequence[str] = ()) -> ParsedSideFile | None:
    """Read the name of a file beside others; None if it is none of the kinds.

    `stems` are the names without extension of the media files of the folder, as they are on disk: the longest that
    the name begins with is the one it belongs to. `folders` leads from that folder to where the side file lies, and
    is empty beside the media: `("Subs",)`, `("Subs", "Show.S01E01")`, `("extrafanart",)`.

    A subtitle or lyrics file that names no stem belongs to the folder's only media file if there is just one.
    """
    stem, _, extension = name.rpartition(".")
    kind = EXTENSIONS.get(extension.casefold())
    if kind is None or not stem or len(stem) > _ANY_LENGTH:
        return None
    if kind is SideKind.NFO:
        return _nfo(stem, stems)
    if kind is SideKind.ARTWORK:
        return _artwork(stem, stems, folders)
    return _words(kind, stem, stems, folders)


def _nfo(stem: str, stems: Collection[str]) -> ParsedSideFile:
    if (season := _SEASON.fullmatch(stem)) is not None and season[2] is None:
        number, of_all = _season_number(season[1])
        return ParsedSideFile(kind=SideKind.NFO, subject="season", season=number, all_seasons=of_all)
    own = _owner(stem, stems)
    if own is not None and own.casefold() == stem.casefold():
        return ParsedSideFile(kind=SideKind.NFO, stem=own)
    return ParsedSideFile(kind=SideKind.NFO, subject=_SUBJECTS.get(stem.casefold()))


def _artwork(stem: str, stems: Collection[str], folders: Sequence[str]) -> ParsedSideFile | None:
    if folders and folders[-1].casefold() in BACKDROP_FOLDERS:
        digits = re.search(r"[0-9]{1,3}$", stem)
        return ParsedSideFile(
            kind=SideKind.ARTWORK, role=ArtworkRole.BACKDROP, position=int(digits[0]) if digits is not None else 0
        )
    if (season := _SEASON.fullmatch(_SPECIALS.sub("season-specials", stem))) is not None:
        number, of_all = _season_number(season[1])
        return ParsedSideFile(
            kind=SideKind.ARTWORK,
            role=ROLE_WORDS[(season[2] or "poster").casefold()],
            season=number,
            all_seasons=of_all,
            position=int(season[3] or 0),
        )
    own = _owner(stem, stems)
    if own is not None:
        return _of_media(own, stem[len(own) :])
    whole = _NUMBERED.fullmatch(stem)
    if whole is None:
        return _cover(stem)
    return ParsedSideFile(kind=SideKind.ARTWORK, role=ROLE_WORDS[whole[1].casefold()], position=int(whole[2] or 0))


def _cover(stem: str) -> ParsedSideFile | None:
    """Read what people and players call an album's cover, beside the usual words."""
    left = _WINDOWS.fullmatch(stem)
    if left is None and _FRONT.fullmatch(stem) is None:
        return None
    position = 0 if left is None else _BEHIND_ALL + (left[1].casefold() == "small")
    return ParsedSideFile(kind=SideKind.ARTWORK, role=ArtworkRole.POSTER, position=position)


def _of_media(own: str, rest: str) -> ParsedSideFile | None:
    if not rest:
        return ParsedSideFile(kind=SideKind.ARTWORK, stem=own, role=ArtworkRole.THUMB)
    found = _OF_STEM.fullmatch(rest)
    if found is None:
        return None
    role = ROLE_WORDS[found[1].casefold()]
    return ParsedSideFile(kind=SideKind.ARTWORK, stem=own, role=role, position=int(found[2] or 0))


def _season_number(word: str) -> tuple[int | None, bool]:
    plain = word.strip("-").casefold()
    if plain == "all":
        return None, True
    return (0 if plain == "specials" else int(plain)), False


def _owner(stem: str, stems: Collection[str]) -> str | None:
    """Return the longest of the stems that this one begins with, at a border."""
    low = stem.casefold()
    found = [
        own
        for own in stems
        if own
        and low.startswith(own.casefold())
        and (len(low) == len(own) or not low[len(own) : len(own) + 1].isalnum())
    ]
    return max(found, key=len) if found else None


def _words(kind: SideKind, stem: str, stems: Collection[str], folders: Sequence[str]) -> ParsedSideFile | None:
    own = _owner(stem, stems)
    rest = stem[len(own) :] if own is not None else stem
    if own is None:
        own = next((found for folder in reversed(folders) if (found := _owner(folder, stems)) is not None), None)
    if own is None:
        if len(stems) != 1:
            return None
        own = next(iter(stems))
    language, flags, title = read_words(clean_text(rest)[:LONGEST])
    return ParsedSideFile(
        kind=kind,
        stem=own,
        language=language,
        title=title,
        is_default="is_default" in flags,
        is_forced="is_forced" in flags,
        is_sdh="is_sdh" in flags,
    )


@lru_cache(maxsize=1024)
def read_words(rest: str) -> tuple[str | None, frozenset[str], str | None]:
    """Read `.Commentary.en.forced` from its end: flags, a language, then what is left is a title."""
    if (whole := language_of(rest.strip(" .-_").replace("(", "").replace(")", ""))) is not None:
        return whole, frozenset(), None
    if (numbered := _LEADING_NUMBER.match(rest)) is not None:
        rest = rest[numbered.end() :]  # `2_English`: the number of the stream it came from
    rest = _REGION.sub(_joined, rest)
    words = [word for part in _SEPARATORS.split(rest) if (word := part.strip(" -"))][-MOST_WORDS:]
    flags: set[str] = set()
    language = None
    left: list[str] = []
    for word in reversed(list(chain.from_iterable(map(_parts, words)))):
        low = word.casefold()
        if low in _FLAGS:
            flags.add(low)
        elif (found := language_of(word)) is not None and (language is None or language.startswith(f"{found}-")):
            language = language or found  # `chi.zh-Hans` says it twice
        elif low == "und" and language is None:
            continue
        else:
            left.append(word)
    if language is None and "hi" in flags:
        flags.discard("hi")
        language = "hi"
    return language, frozenset(_FLAGS[flag] for flag in flags), " ".join(reversed(left)) or None


def _parts(word: str) -> list[str]:
    """`English-Forced` is two words, `pt-BR` and `Spider-Man` are one."""
    parts = word.split("-")
    return parts if len(parts) > 1 and any(part.casefold() in _FLAGS for part in parts) else [word]


def _joined(region: re.Match[str]) -> str:
    """`pt_BR` is one word, `title_en` are two."""
    joined = f"{region[1]}-{region[2]}"
    return joined if region[2].isupper() or language_of(joined) in _COMMON_REGIONS else region[0]
