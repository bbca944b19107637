"""What one run of FFmpeg makes, as whole segments: the same ones whichever run makes them.

A sample belongs to the segment that its time lies in. Pictures are taken by whole groups, which begin where the film is
cut; sound by single packets, put on the exact beat of their codec, so that two runs meet without gap or overlap.
"""

from asyncio import StreamReader
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from app.playback.ffmpeg.commands import FRAME, SOUND_RATE, Span
from app.playback.hls.cuts import Cuts
from app.playback.transcoding import fragments
from app.playback.transcoding.fragments import Fragment
from app.playback.transcoding.recipes import AudioRecipe, MuxedRecipe, VideoRecipe
from app.playback.transcoding.transport import split

INIT = -1
"""The number of what comes before the first segment."""

PREROLL = 8
"""Packets of sound that are made and thrown away before the first that is kept: an encoder needs a few to settle."""

SEEK_MARGIN = 0.3
"""Seconds read before sound that is made: decoders of sound need a few packets, too."""

COPY_MARGIN = 1.0
"""Seconds read before sound that is copied: what lies there is dropped, what is missed is lost."""

LATENESS = 0.135
"""Seconds that FFmpeg steps back by itself when it seeks in pictures that are not decoded in the order of showing."""

EARLY = 2.0
"""Seconds that a run begins ahead where seeking lands by time alone, behind the keyframe that lies there."""

GROUP = 10.0
"""Seconds of the longest group of pictures expected there, where nobody knows them: decoding begins with the next."""

KEYFRAMES_NAMED = 400
"""Cuts told to one run. A run that goes on for longer is begun anew."""

MOST_SLACK_MS = 10.0
SNAP = 0.06
"""Of a packet: how far a time may be off its beat, by a container's rounding to milliseconds, and still be on it."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be cut, and how it counts."""

    cuts: Cuts
    zero_ms: int
    """The file's own time of what is watched first."""
    origin_ms: int = 0
    """The file's own time of the first packet of sound that is copied."""
    frame_rate: float | None = None
    is_sought_by_time: bool = False
    """Whether the file has nothing that tells where a time is: seeking lands near it, and not at a keyframe."""

    @property
    def slack_ms(self) -> float:
        """How much before a cut a picture may be and still be behind it: half of one, for times are rounded."""
        return min(500 / self.frame_rate, MOST_SLACK_MS) if self.frame_rate else 2.0

    def file_seconds(self, shown_ms: float) -> float:
        return (self.zero_ms + shown_ms) / 1000


@dataclass(frozen=True, slots=True)
class Made:
    number: int
    content: bytes
    kind: Literal["init", "segment", "last"] = "segment"
    """The last one ends with the stream: whether that was the end of the film, FFmpeg's own end tells."""


def picture_span(recipe: VideoRecipe, work: Work, first: int, *, early: bool = False) -> Span:
    """Say where to begin so that the segment `first` is whole. `early`: from further ahead, where that was too late."""
    start = work.cuts.start(first)
    if recipe.action == "copy":
        is_early = early or work.is_sought_by_time
        at = work.file_seconds(start) + (-EARLY if is_early else LATENESS + work.slack_ms / 2000)
        return Span(seek=None if first == 0 else at)
    named = range(first + 1, min(first + KEYFRAMES_NAMED, len(work.cuts)))
    times = [work.file_seconds(work.cuts.start(number) - work.slack_ms) for number in named]
    at = work.file_seconds(start - work.slack_ms)
    if first == 0:
        return Span(seek=None, keyframes=times)
    ahead = (GROUP if work.cuts.are_regular else EARLY) if work.is_sought_by_time else 0.0
    return Span(seek=at - ahead, begin=at, keyframes=times)


def sound_span(recipe: AudioRecipe, work: Work, first: int) -> Span:
    start, early = work.cuts.start(first), EARLY if work.is_sought_by_time else 0.0
    if recipe.action == "copy":
        return Span(seek=None if first == 0 else work.file_seconds(start) - COPY_MARGIN - early)
    frame = FRAME[recipe.codec]
    index = max(-(-start * SOUND_RATE // (1000 * frame)) - PREROLL, 0)
    sample = work.zero_ms * SOUND_RATE // 1000 + index * frame
    return Span(seek=None if index == 0 else sample / SOUND_RATE - SEEK_MARGIN - early, first_sample=sample)


def muxed_span(recipe: MuxedRecipe, work: Work, first: int, *, early: bool = False) -> Span:
    """Say where to begin with both. Sound that comes with a picture follows it, without a beat of its own."""
    if recipe.video is not None:
        span = picture_span(recipe.video, work, first, early=early)
        if recipe.video.action == "copy" and span.seek is not None:
            # From the keyframe before: sound that belongs to the segment may lie ahead of the picture it begins with.
            return replace(span, seek=span.seek - COPY_MARGIN)
        return span
    return Span(seek=None if first == 0 else work.file_seconds(work.cuts.start(first)) - COPY_MARGIN)


async def pictures(stdout: StreamReader, work: Work, first: int) -> AsyncIterator[Made]:
    """Yield the header, then every segment from `first` on as soon as it is whole.

    The last one is yielded at the end of the stream, and says so.
    """
    collected, number, timescale = bytearray(), first, 0
    begun = parts = 0
    async for fragment in _fragments(stdout):
        if isinstance(fragment, bytes):
            timescale = fragments.timescale_of(fragment[fragment.index(b"moov") - 4 :])
            yield Made(INIT, fragment, "init")
            continue
        zero = work.zero_ms * timescale // 1000
        place = work.cuts.at(round((fragment.shown_time - zero) * 1000 / timescale + work.slack_ms))
        if place < number and not begun:
            continue  # before what was asked for: a copy can begin at a keyframe only
        if place > number:
            if collected:
                yield Made(number, bytes(collected))
            elif begun:
                place = max(place, number)
            collected, number, parts = bytearray(), place, 0
        begun = 1
        end = (fragment.shown_time + fragment.duration - zero) * 1000 / timescale
        collected += fragments.retimed(fragment, zero, number * 10_000 + parts)
        parts += 1
        if number + 1 < len(work.cuts) and end >= work.cuts.stop(number) - work.slack_ms * 3:
            yield Made(number, bytes(collected))
            collected, number, parts = bytearray(), number + 1, 0
    if collected:
        yield Made(number, bytes(collected), "last")


async def sound(stdout: StreamReader, recipe: AudioRecipe, work: Work, first: int) -> AsyncIterator[Made]:
    """Yield the header, then every segment from `first` on. The last one as for pictures."""
    beat = _Beat(recipe, work)
    packets: list[tuple[int, int]] = []
    data, number, last = bytearray(), first, -1
    async for fragment in _fragments(stdout):
        if isinstance(fragment, bytes):
            beat.timescale = fragments.timescale_of(fragment[fragment.index(b"moov") - 4 :])
            yield Made(INIT, fragment, "init")
            continue
        for time, content in beat.packets(fragment):
            place = work.cuts.at(time * 1000 // beat.timescale)
            if time <= last or place < first:
                continue
            last = time
            if place > number:
                if packets:
                    yield Made(number, _sound_segment(packets, time, data, number))
                packets, data, number = [], bytearray(), place
            packets.append((time, len(content)))
            data += content
    if packets:
        yield Made(number, _sound_segment(packets, last + beat.usual, data, number), "last")


def _sound_segment(packets: list[tuple[int, int]], until: int, data: bytearray, number: int) -> bytes:
    """Each packet lasts until the next, the last one until the next segment begins."""
    times = [time for time, _ in packets]
    durations = [later - earlier for earlier, later in pairwise([*times, until])]
    sizes = [size for _, size in packets]
    return fragments.sound_segment(times[0], list(zip(durations, sizes, strict=True)), bytes(data), number * 10_000)


async def transport(stdout: StreamReader, work: Work, first: int, *, has_picture: bool) -> AsyncIterator[Made]:
    """Yield the segments of a transport stream from `first` on."""
    zero = work.zero_ms * 90

    def place(ticks: int) -> int:
        return work.cuts.at(round((ticks - zero) / 90 + work.slack_ms))

    held: Made | None = None
    async for number, content in split(stdout, place, first, has_picture=has_picture):
        if held is not None:
            yield held
        held = Made(number, content)
    if held is not None:
        yield Made(held.number, held.content, "last")


def nothing(work: Work, number: int) -> bytes:
    """Return a segment in which nothing happens: for times that a stream does not reach."""
    return fragments.sound_segment(work.cuts.start(number) * SOUND_RATE // 1000, [], b"", number * 10_000)


class _Beat:
    """Puts packets on the beat of their codec."""

    def __init__(self, recipe: AudioRecipe, work: Work) -> None:
        self._is_made = recipe.action == "transcode"
        self._frame = FRAME.get(recipe.codec, 0) if self._is_made else 0
        self._work = work
        self.timescale = SOUND_RATE
        self.usual = 0
        """The length of a packet, in ticks."""

    def packets(self, fragment: Fragment) -> Iterator[tuple[int, memoryview]]:
        """Yield each packet with its time."""
        shown, place, content = fragment.shown_time, 8, memoryview(fragment.mdat)
        for duration, size in fragment.samples:
            yield self._time_of(shown, duration), content[place : place + size]
            shown, place = shown + duration, place + size

    def _time_of(self, shown: int, duration: int) -> int:
        """Return the time of a packet, counted from what is watched first; below 0 for what is not to be heard."""
        zero = self._work.zero_ms * self.timescale // 1000
        frame = self._frame * self.timescale // SOUND_RATE if self._is_made else duration
        self.usual = max(self.usual, frame)
        frame = self.usual
        if not frame:
            return shown - zero
        origin = zero if self._is_made else self._work.origin_ms * self.timescale // 1000
        count = round((shown - origin) / frame)
        snapped = origin + count * frame
        if not self._is_made and abs(snapped - shown) > frame * SNAP:
            snapped = shown  # a sound with a gap, or with packets of several lengths
        return snapped - zero


async def _fragments(stdout: StreamReader) -> AsyncIterator[Fragment | bytes]:
    """Yield the header as it is, then the fragments."""
    head, moof = b"", b""
    async for kind, box in fragments.read_boxes(stdout):
        if kind == b"ftyp":
            head = box
        elif kind == b"moov":
            yield head + box
        elif kind == b"moof":
            moof = box
        elif kind == b"mdat" and moof:
            yield fragments.parse(moof, box)
            moof = b""
