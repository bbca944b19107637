"""What is to be played: a file as probing and scanning know it, in the words that a decision is made in."""

import math

import msgspec

from app.library.media import StreamInfo

TEXTS = frozenset(
    {"subrip", "srt", "webvtt", "vtt", "mov_text", "text", "ass", "ssa", "smi", "sami", "ttml", "subviewer", "sub"}
)
STYLED = frozenset({"ass", "ssa"})
PICTURES = {
    "hdmv_pgs_subtitle": "pgs", "sup": "pgs", "dvd_subtitle": "vobsub", "dvb_subtitle": "dvb", "xsub": "xsub",
    "vobsub": "vobsub",
}  # fmt: skip
"""Subtitles that are pictures of words, and what clients call them."""

WEBM_CODECS = frozenset({"vp8", "vp9", "av1", "opus", "vorbis"})

_FAMILIES = {
    "mov": "mp4", "mp4": "mp4", "m4a": "mp4", "3gp": "mp4", "mpegts": "mpegts", "mpeg": "mpeg", "avi": "avi",
    "asf": "asf", "flv": "flv", "ogg": "ogg", "flac": "flac", "mp3": "mp3", "wav": "wav", "aac": "aac", "aiff": "aiff",
}  # fmt: skip


class SubtitleBeside(msgspec.Struct, frozen=True, kw_only=True):
    """Subtitles in a file of their own; `place` is their number among those beside the media file."""

    place: int
    format: str
    language: str | None = None
    title: str | None = None
    flags: list[str] = []
    words: str | None = None
    """Which they are, and as of when: their place changes with what else comes to lie there or goes."""


class MediaSource(msgspec.Struct, frozen=True, kw_only=True):
    container: str | None
    """FFmpeg's name of the demuxer: `matroska,webm`."""
    duration_ms: int | None
    bit_rate: int | None = None
    size: int = 0
    streams: list[StreamInfo] = []
    beside: list[SubtitleBeside] = []
    widest_gap_ms: int | None = None
    """Between two keyframes of the first picture stream; None: nobody has told where they are."""
    peak_bit_rate: int | None = None
    """Of a segment of it; None: nobody has told."""

    @property
    def video(self) -> StreamInfo | None:
        return next((stream for stream in self.streams if stream.kind == "video"), None)

    @property
    def audio(self) -> list[StreamInfo]:
        return [stream for stream in self.streams if stream.kind == "audio"]

    @property
    def subtitles(self) -> list[StreamInfo]:
        return [stream for stream in self.streams if stream.kind == "subtitle"]

    @property
    def family(self) -> str:
        """What clients call the container. WebM is Matroska that holds nothing but its own codecs."""
        name = (self.container or "").split(",")[0]
        if name in ("matroska", "webm"):
            shown = [stream for stream in self.streams if stream.kind in ("video", "audio")]
            return "webm" if shown and all(stream.codec in WEBM_CODECS for stream in shown) else "matroska"
        return _FAMILIES.get(name, "other")

    @property
    def total_bit_rate(self) -> int | None:
        """Of the whole file: as its container says, else as its size and length do."""
        if self.bit_rate:
            return self.bit_rate
        return self.size * 8_000 // self.duration_ms if self.size and self.duration_ms else None


def shown_size(video: StreamInfo) -> tuple[int, int]:
    """Return width and height as they are seen: turned, and with square pixels."""
    width, height = video.width or 0, video.height or 0
    ratio = _ratio(video.sample_aspect_ratio)
    if ratio > 1:
        width = round(width * ratio)
    elif ratio < 1:
        height = round(height / ratio)
    return (height, width) if video.rotation in (90, 270) else (width, height)


def _ratio(text: str | None) -> float:
    over, _, under = (text or "").partition(":")
    if over.isdecimal() and under.isdecimal() and int(over) and int(under):
        ratio = int(over) / int(under)
        return ratio if 0.1 < ratio < 10 and not math.isclose(ratio, 1) else 1.0  # noqa: PLR2004  else it is a mistake
    return 1.0


def codec_of(stream: StreamInfo) -> str:
    """Return the codec as clients name it: all kinds of plain samples are `pcm`."""
    codec = stream.codec or "unknown"
    return "pcm" if codec.startswith("pcm_") else codec


def is_interlaced(stream: StreamInfo) -> bool:
    return stream.field_order in ("tt", "bb", "tb", "bt")
