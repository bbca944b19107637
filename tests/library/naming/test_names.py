"""Every name of the corpus becomes what it must, but for the misses that are listed."""

import pytest

from tests.library.naming.corpus_cases import FOLDER, Case, cases, name_of
from tests.library.naming.corpus_reading import differences

CASES = cases()
MISSES = frozenset(line for line in (FOLDER / "misses.txt").read_text("utf-8").split("\n") if line)
SHARE = 0.98
"""Of the corpus that must be read rightly."""


@pytest.mark.parametrize("kind", ["movies", "tvshows", "music", "side_files"])
def test_names_become_what_they_must(kind: str) -> None:
    """A listed miss that is read rightly fails as well: it must be taken off the list, so that it stays right."""
    read = {name_of(case): differences(case) for case in CASES if case["kind"] == kind}
    wrong = {name: different for name, different in read.items() if different}

    assert {name: different for name, different in wrong.items() if name not in MISSES} == {}
    assert [name for name in read if name in MISSES and name not in wrong] == []


def test_the_misses_are_few_and_of_the_corpus() -> None:
    assert {name_of(case) for case in CASES} >= MISSES
    assert len(MISSES) <= (1 - SHARE) * len(CASES)


def test_a_wrong_expectation_is_noticed() -> None:
    """The control: the comparison can fail."""
    case: Case = {"kind": "movies", "path": "Alien (1979).mkv", "title": "Aliens", "year": 1979}

    assert differences(case) == {"title": ("Alien", "Aliens")}
