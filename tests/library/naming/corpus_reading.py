"""A case of the corpus, read by the parsers, as the corpus writes it."""

from typing import Any

from app.library.naming import parse_episode, parse_movie, parse_side_file, parse_track, split
from tests.library.naming.corpus_cases import Case

ALWAYS = {
    "movies": ("title", "year", "extra", "part"),
    "tvshows": ("year", "country", "season", "first", "last", "absolute", "aired", "extra"),
    "music": ("title", "artist", "album", "year", "disc", "number"),
    "side_files": ("is", "stem", "language", "title", "is_default", "is_forced", "is_sdh", "role", "season"),
}
"""What is compared even where a case does not mention it: it must be absent then."""


def differences(case: Case) -> dict[str, tuple[Any, Any]]:
    """Return what is read differently: field → (read, expected)."""
    found = READERS[case["kind"]](case)
    wanted = _expected(case)
    return {field: (found[field], value) for field, value in wanted.items() if found[field] != value}


def _expected(case: Case) -> Case:
    wanted = dict.fromkeys(ALWAYS[case["kind"]]) | {
        field: value
        for field, value in case.items()
        if field not in {"kind", "origin", "path", "siblings", "name", "stems", "folders"}
    }
    if case["kind"] == "tvshows":
        wanted["last"] = wanted["last"] if wanted["last"] is not None else wanted["first"]
        if isinstance(wanted["absolute"], int):
            wanted["absolute"] = [wanted["absolute"]] * 2
    if case["kind"] == "side_files":
        for flag in ("is_default", "is_forced", "is_sdh"):
            wanted[flag] = bool(wanted[flag])
        wanted["position"] = wanted.get("position", 0)
    return wanted


def _movie(case: Case) -> Case:
    read = parse_movie(case["path"].encode())
    if read.part is not None and "siblings" not in case and read.alone is not None:
        read = read.alone
    fields = ("title", "year", "edition", "version", "part", "extra")
    return {field: getattr(read, field) for field in fields} | {"ids": dict(read.ids)}


def _episode(case: Case) -> Case:
    read = parse_episode(*split(case["path"].encode()))
    fields = ("series", "country", "season", "first", "last", "title", "part", "extra", "resolution", "source", "group")
    return {field: getattr(read, field) for field in fields} | {
        "year": read.series_year,
        "absolute": list(read.absolute) if read.absolute is not None else None,
        "aired": read.aired.isoformat() if read.aired is not None else None,
        "special": read.is_special,
        "ids": dict(read.series_ids),
        "episode_ids": dict(read.ids),
        "is_disc": read.is_disc,
    }


def _track(case: Case) -> Case:
    read = parse_track(*split(case["path"].encode()))
    fields = ("title", "artist", "album", "disc", "disc_title", "number", "album_artist", "is_compilation")
    return {field: getattr(read, field) for field in fields} | {"year": read.album_year, "ids": dict(read.ids)}


def _side_file(case: Case) -> Case:
    read = parse_side_file(case["name"], case["stems"], case.get("folders", ()))
    fields = ("stem", "language", "title", "role", "season", "subject")
    flags = ("is_default", "is_forced", "is_sdh", "all_seasons")
    return (
        {field: getattr(read, field, None) for field in fields}
        | {flag: getattr(read, flag, False) for flag in flags}
        | {"is": read.kind if read is not None else None, "position": read.position if read is not None else 0}
    )


READERS = {"movies": _movie, "tvshows": _episode, "music": _track, "side_files": _side_file}
