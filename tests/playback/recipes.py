"""Files of the kinds that people have, a second or two of each, and as what our prober knows them."""

import itertools
import os
from pathlib import Path

from app.library.keyframes import unpack
from app.library.media import MediaInfo
from app.library.probing.read import probe
from app.playback.source import MediaSource
from tests.fixtures.media import CHAPTERS, HDR10, HLG, SUBTITLES, Media

SMALL = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=24:duration=1")
NOISE = ("-f", "lavfi", "-i", "anoisesrc=seed=42:sample_rate=48000:duration=1")
SINE = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=1")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "12")
X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=12")
INTERLACED = ("-vf", "tinterlace=interleave_top,fieldorder=tff", "-c:v", "mpeg2video", "-flags", "+ildct+ilme")

RECIPES: dict[str, tuple[str, tuple[str, ...]]] = {
    "h264 aac mkv": ("a.mkv", (*SMALL, *SINE, *X264, "-c:a", "aac")),
    "h264 aac mp4": ("a.mp4", (*SMALL, *SINE, *X264, "-c:a", "aac")),
    "h264 10 bit": ("a.mkv", (*SMALL, *SINE, *X264, "-pix_fmt", "yuv420p10le", "-c:a", "aac")),
    "hevc 8 mp4": ("a.mp4", (*SMALL, *SINE, *X265, "-pix_fmt", "yuv420p", "-tag:v", "hvc1", "-c:a", "aac")),
    "hevc hev1 mp4": ("a.mp4", (*SMALL, *SINE, *X265, "-pix_fmt", "yuv420p", "-tag:v", "hev1", "-c:a", "aac")),
    "hevc 10 eac3 mkv": (
        "a.mkv", (*SMALL, *NOISE, *X265, "-pix_fmt", "yuv420p10le", "-c:a", "eac3", "-ac", "6", "-b:a", "384k"),
    ),
    "hdr10": ("a.mkv", (*SMALL, *SINE, "-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le",
                        "-x265-params", f"{HDR10}:keyint=12", "-c:a", "aac")),
    "hlg": ("a.mkv", (*SMALL, "-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le",
                      "-x265-params", f"{HLG}:keyint=12")),
    "av1 opus webm": ("a.webm", (*SMALL, *SINE, "-c:v", "libsvtav1", "-preset", "12", "-g", "12", "-svtav1-params",
                                 "lp=1", "-c:a", "libopus")),
    "vp9 opus webm": ("a.webm", (*SMALL, *SINE, "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8",
                                 "-g", "12", "-c:a", "libopus")),
    "mpeg2 interlaced mkv": ("a.mkv", (*SMALL, *SINE, *INTERLACED, "-c:a", "mp2")),
    "h264 ac3 ts": ("a.ts", (*SMALL, *NOISE, *X264, "-c:a", "ac3", "-ac", "6")),
    "mpeg4 mp3 avi": ("a.avi", (*SMALL, *SINE, "-c:v", "mpeg4", "-c:a", "libmp3lame")),
    "h264 dts mkv": ("a.mkv", (*SMALL, *NOISE, *X264, "-c:a", "dca", "-strict", "-2", "-ac", "6")),
    "h264 truehd mkv": ("a.mkv", (*SMALL, *NOISE, *X264, "-c:a", "truehd", "-strict", "-2", "-ac", "6")),
    "h264 flac mkv": ("a.mkv", (*SMALL, *NOISE, *X264, "-c:a", "flac")),
    "one keyframe": ("a.mkv", (*SMALL, *SINE, "-c:v", "libx264", "-preset", "ultrafast", "-g", "999", "-c:a", "aac")),
    "flac": ("a.flac", (*SINE, "-c:a", "flac")),
    "opus": ("a.opus", (*SINE, "-c:a", "libopus")),
    "mp3": ("a.mp3", (*SINE, "-c:a", "libmp3lame")),
}  # fmt: skip


def make(media: Media, name: str) -> Path:
    file, arguments = RECIPES[name]
    return media.make(file, *arguments)


def everything(media: Media) -> Path:
    """Two sounds, one of them German, and subtitles as text and in style."""
    return media.make(
        "all.mkv",
        *(*SMALL, *SINE, *NOISE, "-f", "srt", "-i", "{0}", "-f", "ffmetadata", "-i", "{1}"),
        *("-map", "0:v", "-map", "1:a", "-map", "2:a", "-map", "3:s", "-map", "3:s", "-map_chapters", "4"),
        *(*X264, "-c:a:0", "aac", "-c:a:1", "ac3", "-ac:a:1", "6", "-c:s:0", "srt", "-c:s:1", "ass"),
        *("-metadata:s:a:1", "language=deu", "-disposition:a:0", "default"),
        texts=(SUBTITLES, CHAPTERS),
    )


def known(path: Path) -> MediaInfo:
    file = os.open(path, os.O_RDONLY)
    try:
        return probe(file)
    finally:
        os.close(file)


def source_of(path: Path) -> MediaSource:
    info = known(path)
    assert info.problem is None, info
    times = unpack(info.keyframes.times) if info.keyframes else []
    end = max(info.duration_ms or 0, *times, 0)
    gaps = [later - earlier for earlier, later in itertools.pairwise([*times, end])]
    return MediaSource(
        container=info.container,
        duration_ms=info.duration_ms,
        bit_rate=info.bit_rate,
        size=path.stat().st_size,
        streams=info.streams,
        widest_gap_ms=max(gaps) if gaps else None,
    )
