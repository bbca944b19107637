"""The gates of EBU R 128, over counted blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.playback.loudness.gating import Blocks, integrated, pack, step_of, unpack

COUNTED = st.dictionaries(st.integers(-700, 50), st.integers(1, 1000), max_size=20).map(Blocks)


@pytest.mark.parametrize(
    ("loudness", "expected"),
    [
        ({}, None),
        ({-75.0: 100}, None),
        ({-20.0: 100}, -20.0),
        ({-20.0: 100, -80.0: 10_000}, -20.0),
        ({-20.0: 100, -32.0: 100}, -22.74),
        ({-20.0: 100, -33.0: 100}, -20.0),
    ],
)
def test_silence_and_what_is_far_below_the_rest_do_not_count(
    loudness: dict[float, int], expected: float | None
) -> None:
    found = integrated([Blocks({step_of(lufs): count for lufs, count in loudness.items()})])
    assert found == (None if expected is None else pytest.approx(expected, abs=0.01))


@given(COUNTED, COUNTED)
def test_the_order_of_pieces_and_how_often_all_is_repeated_change_nothing(one: Blocks, other: Blocks) -> None:
    both = integrated([one, other])
    assert both == pytest.approx(integrated([other, one, one, other]))
    heard = [step / 10 for step in one + other if step >= -700]
    assert (both is None) == (not heard)
    assert both is None or min(heard) - 1e-9 <= both <= max(heard) + 1e-9


@given(COUNTED)
def test_what_is_packed_is_unpacked(blocks: Blocks) -> None:
    assert unpack(pack(blocks)) == blocks
