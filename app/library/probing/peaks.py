"""The peak bit rate of a film, as playlists have to tell it before anything of it was sent: from its index alone."""

from collections.abc import Sequence

WINDOW_MS = 4_000
"""As long as the segments are that players are sent: each begins with a keyframe, and ends with the first one that far
away."""


def peak_bit_rate(entries: Sequence[tuple[int, int]]) -> int | None:
    """Return the highest rate of any such stretch, in bits per second; None where there is none.

    An entry is a keyframe's time in milliseconds and how many bytes lie before it; both only grow.
    """
    peak, last = 0, 0
    for time, place in entries:
        while last < len(entries) and entries[last][0] - time < WINDOW_MS:
            last += 1
        # What is left at the end counts as well, where it is long enough for a rate to be meant.
        at = min(last, len(entries) - 1)
        lasts = entries[at][0] - time
        if lasts >= WINDOW_MS // 2:
            peak = max(peak, (entries[at][1] - place) * 8_000 // lasts)
    return peak or None
