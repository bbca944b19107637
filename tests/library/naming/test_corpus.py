"""The corpus itself: large enough, of every kind, and each name once."""

from collections import Counter

from tests.library.naming.corpus_cases import cases, name_of


def test_the_corpus_is_broad_enough_to_say_something() -> None:
    kinds = Counter(case["kind"] for case in cases())
    public = sum(case["origin"] in {"jellyfin", "sonarr", "radarr", "guessit", "kodi"} for case in cases())

    assert sum(kinds.values()) >= 1000
    assert min(kinds[kind] for kind in ("movies", "tvshows", "music", "side_files")) >= 80
    assert public >= 100


def test_each_name_stands_once() -> None:
    assert [name for name, count in Counter(map(name_of, cases())).items() if count > 1] == []
