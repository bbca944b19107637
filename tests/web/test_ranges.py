"""Any Range header whatever: never a crash, and always the bytes that the plainest reading of RFC 9110 gives."""

import re

from hypothesis import given
from hypothesis import strategies as st

from app.web.ranges import MAX_HEADER, MAX_RANGES, RangeNotSatisfiable, requested_ranges

numbers = st.one_of(st.integers(0, 60), st.just(10**30)).map(str) | st.sampled_from(["007", "0" * 30])
specs = st.one_of(
    st.tuples(numbers, numbers).map("-".join),
    numbers.map("{}-".format),
    numbers.map("-{}".format),
    st.sampled_from(["", " ", "-", "x", "1-2-3", "+1-2", "١-٢", "1 - 2", "0x1-2"]),
)
headers = st.builds(
    "{}{}".format,
    st.sampled_from(["bytes=", "Bytes = ", "bytes", "items=", ""]),
    st.lists(specs, max_size=MAX_RANGES + 6).map(",".join),
)


REFUSED = frozenset({-1})


def model(header: str, size: int) -> frozenset[int] | None:
    """Say which bytes are asked for: a set of positions, None for the whole file, or that it is refused."""
    unit, equals, rest = header.partition("=")
    if not equals or unit.strip().lower() != "bytes":
        return None
    asked = [spec.strip(" \t") for spec in rest.split(",") if spec.strip(" \t")]
    if len(asked) > MAX_RANGES or len(header) > MAX_HEADER:
        return REFUSED
    found = [positions(spec, size) for spec in asked]
    if not found or None in found:
        return None
    if size == 0 and any(spec.startswith("-") and int(spec[1:]) for spec in asked):
        return None  # all bytes of nothing, which no Content-Range can say
    return frozenset().union(*(one for one in found if one is not None)) or REFUSED


def positions(spec: str, size: int) -> set[int] | None:
    if found := re.fullmatch(r"-([0-9]+)", spec):
        return set(range(size)[max(size - int(found[1]), 0) :])
    if found := re.fullmatch(r"([0-9]+)-([0-9]*)", spec):
        first, last = int(found[1]), int(found[2] or 10**31)
        return None if last < first else set(range(size)[first : min(last + 1, size)])
    return None


@given(headers, st.integers(0, 50))
def test_what_is_sent_is_what_the_model_says(header: str, size: int) -> None:
    expected = model(header, size)
    try:
        ranges = requested_ranges(header, size)
    except RangeNotSatisfiable:
        assert expected == REFUSED
        return
    if ranges is None:
        assert expected is None
        return
    positions = [position for one in ranges for position in range(one.start, one.end)]
    assert set(positions) == expected
    assert len(positions) == len(set(positions)), "a byte would be sent twice"
    assert all(len(one) > 0 for one in ranges)
    assert len(ranges) <= MAX_RANGES


@given(st.text(max_size=200), st.integers(0, 10**15))
def test_any_text_gives_ranges_inside_the_file_or_none(header: str, size: int) -> None:
    try:
        ranges = requested_ranges("bytes=" + header, size)
    except RangeNotSatisfiable:
        return
    assert ranges is None or all(0 <= one.start < one.end <= size for one in ranges)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 8)), min_size=1, max_size=10))
def test_parts_come_in_the_order_asked(pairs: list[tuple[int, int]]) -> None:
    header = "bytes=" + ",".join(f"{first}-{first + length}" for first, length in pairs)

    ranges = requested_ranges(header, 100)

    assert ranges is not None
    asked_first = [
        min(place for place, (first, _) in enumerate(pairs) if one.start <= first < one.end) for one in ranges
    ]
    assert asked_first == sorted(asked_first)
