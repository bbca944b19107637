"""Loudness of several pieces as of one: EBU R 128's gates over how many blocks are how loud. Pure.

Blocks last 400 ms and begin every 100 ms (ITU-R BS.1770). Their loudness is counted in steps of a tenth of a LU, which
moves the result by some hundredths at most; so an album is added up from some hundred bytes a song, exactly as if it
were measured from its first block to its last.
"""

import math
from collections import Counter
from collections.abc import Iterable

import msgspec

REFERENCE_LUFS = -18.0
"""What ReplayGain 2.0 brings everything to."""

SILENCE_LUFS = -70.0
"""The absolute gate: quieter blocks are no part of it."""

RELATIVE_LU = -10.0
"""The relative gate, below the loudness of what passed the first."""

STEPS = 10
"""To a LU."""

Blocks = Counter[int]
"""Number of blocks by loudness, in tenths of a LUFS."""

_decoder: msgspec.msgpack.Decoder[dict[int, int]] = msgspec.msgpack.Decoder(dict[int, int])


def step_of(lufs: float) -> int:
    return round(lufs * STEPS)


def pack(blocks: Blocks) -> bytes:
    return msgspec.msgpack.encode(dict(sorted(blocks.items())))


def unpack(packed: bytes) -> Blocks:
    return Counter(_decoder.decode(packed))


def integrated(pieces: Iterable[Blocks]) -> float | None:
    """Return the loudness of all these as one, in LUFS; None where all of it is silence."""
    blocks: Blocks = Counter()
    for piece in pieces:
        blocks.update(piece)
    loud = {step: count for step, count in blocks.items() if step / STEPS >= SILENCE_LUFS}
    ungated = _mean(loud)
    if ungated is None:
        return None
    return _mean({step: count for step, count in loud.items() if step / STEPS >= ungated + RELATIVE_LU})


def _mean(blocks: dict[int, int]) -> float | None:
    total = sum(blocks.values())
    if not total:
        return None
    power = sum(count * 10 ** (step / STEPS / 10) for step, count in blocks.items()) / total
    return 10 * math.log10(power)
