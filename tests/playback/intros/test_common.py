"""What two sounds have in common, as numbers."""

import random
from array import array

import pytest

from app.playback.intros.chapters import kind_of
from app.playback.intros.common import CENTRE_MS, Run, common_run
from app.playback.intros.fingerprints import STEP_MS, ending_of, opening_of
from app.playback.intros.season import agreed

SECOND = round(1000 / STEP_MS)


def noise(seconds: float, seed: int) -> "array[int]":
    chance = random.Random(seed)
    return array("I", (chance.getrandbits(32) for _ in range(round(seconds * SECOND))))


def worn(points: "array[int]", seed: int) -> "array[int]":
    """Turn some bits, as another encoding does."""
    chance = random.Random(seed)
    return array("I", (point ^ (1 << chance.randrange(16)) ^ (1 << chance.randrange(32)) for point in points))


def test_the_same_run_is_found_wherever_it_is() -> None:
    theme = noise(25, 1)
    first = noise(12, 2) + worn(theme, 3) + noise(60, 4)
    second = noise(40, 5) + worn(theme, 6) + noise(10, 7)
    run = common_run(first, second)
    assert run is not None
    assert run.first_ms == pytest.approx(12_000 + CENTRE_MS, abs=1_000)
    assert run.second_ms == pytest.approx(40_000 + CENTRE_MS, abs=1_000)
    assert run.length_ms == pytest.approx(25_000, abs=1_000)
    assert 0.2 < run.likeness < 0.6
    assert common_run(second, first) == run.turned()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (noise(60, 1), noise(60, 2)),
        (array("I"), noise(60, 2)),
        (array("I"), array("I")),
        (noise(60, 1) + noise(10, 9), noise(30, 2) + noise(10, 9)),
        (noise(200, 1), noise(200, 1)),
        (array("I", [7] * 400), array("I", [7] * 400)),
        (array("I", [7, 9] * 200), array("I", [7, 9] * 200)),
    ],
    ids=["nothing", "no sound", "no sounds", "too short", "the same film", "silence", "a tone"],
)
def test_what_is_no_intro_is_none(first: "array[int]", second: "array[int]") -> None:
    assert common_run(first, second) is None


def test_most_neighbours_decide_and_the_share_of_them_is_the_confidence() -> None:
    here, there = Run(10_000, 0, 30_000, 1.0), Run(50_000, 0, 60_000, 1.0)
    found = agreed(1_000, [here, Run(10_500, 9, 30_500, 0.5), Run(9_900, 9, 30_000, 1.0), there, None])
    assert found is not None
    assert (found.start_ms, found.end_ms) == (11_000, 41_000)
    assert found.confidence == pytest.approx(3 / 5 * (0.5 + 2.5 / 3 / 2), abs=0.001)
    assert agreed(0, [None, None]) is agreed(0, []) is None


def test_chapters_that_say_so_are_believed_in_many_languages() -> None:
    said = [kind_of(title, 0, 60_000) for title in ("Intro", " OPENING ", "Générique", "End Credits", "Abspann", "ED")]
    assert said == ["intro", "intro", "intro", "credits", "credits", "credits"]
    assert [kind_of(*one) for one in ((None, 0, 60_000), ("Opening the door", 0, 60_000), ("Intro", 0, 10))] == [
        None
    ] * 3


def test_stretches_are_as_long_as_the_file_at_most() -> None:
    minute = 60_000
    assert [opening_of(length * minute).length_ms // 1000 for length in (1, 5, 20, 60)] == [60, 120, 360, 600]
    assert [tuple(ending_of(length * minute)) for length in (2, 60)] == [(90_000, 30_000), (55 * minute, 5 * minute)]
