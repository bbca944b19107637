"""What a client can play, as it says or as we know of the usual ones. Codecs, profiles and levels in FFmpeg's words.

A profile says what is decoded well, never what might work: a film that is converted plays, one that is sent in vain
does not.
"""

from typing import Annotated, Literal, get_args

import msgspec

from app.errors import InvalidInput

Container = Literal[
    "mp4",
    "webm",
    "matroska",
    "mpegts",
    "mpeg",
    "avi",
    "asf",
    "flv",
    "ogg",
    "flac",
    "mp3",
    "wav",
    "aac",
    "aiff",
    "other",
]
VideoCodec = Literal["h264", "hevc", "av1", "vp9", "vp8", "mpeg2video", "mpeg4", "vc1", "mpeg1video", "theora"]
AudioCodec = Literal[
    "aac", "mp3", "opus", "vorbis", "flac", "alac", "ac3", "eac3", "dts", "truehd", "mp2", "pcm", "wmav2"
]
HdrKind = Literal["hdr10", "hdr10plus", "hlg", "dolby_vision"]
SubtitleKind = Literal["vtt", "srt", "ass", "pgs", "vobsub"]
SegmentKind = Literal["fmp4", "mpegts"]

Pixels = Annotated[int, msgspec.Meta(ge=16, le=16_384)]
Rate = Annotated[int, msgspec.Meta(ge=64_000, le=1_000_000_000)]
Channels = Annotated[int, msgspec.Meta(ge=1, le=16)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class VideoSupport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One codec that the client shows. What is None does not restrict."""

    codec: VideoCodec
    profiles: list[Name] | None = None
    """As FFmpeg names them: `High`, `Main 10`. In whatever case."""
    max_level: Annotated[int, msgspec.Meta(ge=1, le=1_000)] | None = None
    """In the codec's own numbers: 41 is level 4.1 of H.264, 123 level 4.1 of HEVC, 9 level 4.1 of AV1."""
    bit_depth: Literal[8, 10, 12] = 8
    max_frame_rate: Annotated[float, msgspec.Meta(gt=0, le=1_000)] | None = None


class AudioSupport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    codec: AudioCodec
    max_channels: Channels = 8


class ClientProfile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A client. The lists are what it takes, the limits are what it, its line or its owner can bear."""

    name: Name = "custom"
    containers: list[Container] = []
    """Of files that it plays as they are. None of them: everything comes as HLS."""
    segments: list[SegmentKind] = msgspec.field(default_factory=lambda: ["fmp4"])
    """Of HLS; the first is made."""
    video: list[VideoSupport] = []
    audio: list[AudioSupport] = []
    hdr: list[HdrKind] = []
    """Others are shown in standard range."""
    subtitles: list[SubtitleKind] = []
    """Drawn by the client. Others become WebVTT where they are texts it takes, else part of the picture."""
    interlaced: bool = False
    """Whether it makes whole pictures of half ones."""
    selects_tracks: bool = False
    """Whether it can play another sound or subtitle of a file than the first."""
    max_width: Pixels | None = None
    max_height: Pixels | None = None
    max_bit_rate: Rate | None = None
    """Of all streams together, in bits per second."""
    max_channels: Channels | None = None


_UP_TO_HIGH = ["Constrained Baseline", "Baseline", "Main", "High"]
_SDR_H264 = VideoSupport(codec="h264", profiles=_UP_TO_HIGH, max_level=52)
_ANY_H264 = VideoSupport(codec="h264", bit_depth=10)
_HEVC_10 = VideoSupport(codec="hevc", profiles=["Main", "Main 10"], max_level=153, bit_depth=10)
_AV1_10 = VideoSupport(codec="av1", profiles=["Main"], bit_depth=10)
_VP9 = VideoSupport(codec="vp9", profiles=["Profile 0"])
_VP9_10 = VideoSupport(codec="vp9", bit_depth=10)
_VP8 = VideoSupport(codec="vp8")


def _sounds(*codecs: AudioCodec, max_channels: int = 8) -> list[AudioSupport]:
    return [AudioSupport(codec=codec, max_channels=max_channels) for codec in codecs]


_WEB_SOUNDS = _sounds("aac", "mp3", "opus", "vorbis", "flac", "pcm")
_WEB_FILES: list[Container] = ["mp4", "webm", "ogg", "flac", "mp3", "wav", "aac"]
_ALL_FILES = list(get_args(Container))
_ALL_VIDEO = [
    _ANY_H264, VideoSupport(codec="hevc", bit_depth=12), VideoSupport(codec="av1", bit_depth=12),
    VideoSupport(codec="vp9", bit_depth=12), _VP8, VideoSupport(codec="mpeg2video"), VideoSupport(codec="mpeg4"),
    VideoSupport(codec="vc1"), VideoSupport(codec="mpeg1video"), VideoSupport(codec="theora"),
]  # fmt: skip
_ALL_AUDIO = _sounds(
    "aac", "mp3", "opus", "vorbis", "flac", "alac", "ac3", "eac3", "dts", "truehd", "mp2", "pcm", "wmav2",
    max_channels=16,
)  # fmt: skip

BUILT_IN: dict[str, ClientProfile] = {
    profile.name: profile
    for profile in (
        ClientProfile(
            name="chrome",
            containers=_WEB_FILES,
            video=[_SDR_H264, _VP8, _VP9_10, _AV1_10],
            audio=_WEB_SOUNDS,
            hdr=["hdr10", "hlg"],
            subtitles=["vtt"],
        ),
        ClientProfile(
            name="firefox",
            containers=_WEB_FILES,
            video=[_SDR_H264, _VP8, _VP9, VideoSupport(codec="av1", profiles=["Main"], bit_depth=8)],
            audio=_WEB_SOUNDS,
            subtitles=["vtt"],
        ),
        ClientProfile(
            name="safari",
            containers=["mp4", "mp3", "wav", "aac", "flac"],
            video=[_SDR_H264, _HEVC_10],
            audio=_sounds("aac", "mp3", "alac", "flac", "ac3", "eac3"),
            hdr=["hdr10", "hlg"],
            subtitles=["vtt"],
        ),
        ClientProfile(
            name="chromecast",
            containers=["mp4", "webm", "mp3", "wav", "flac", "ogg"],
            video=[VideoSupport(codec="h264", profiles=_UP_TO_HIGH, max_level=42),
                   _VP8, _VP9],
            audio=_sounds("aac", "mp3", "opus", "vorbis", "flac", max_channels=2),
            subtitles=["vtt"],
            max_width=1920,
            max_height=1080,
        ),
        ClientProfile(
            name="android-tv",
            containers=["mp4", "webm", "matroska", "mpegts", "ogg", "flac", "mp3", "wav", "aac"],
            video=[_SDR_H264, _HEVC_10, _VP8, _VP9_10, VideoSupport(codec="mpeg2video")],
            audio=_sounds("aac", "mp3", "opus", "vorbis", "flac", "ac3", "eac3", "pcm"),
            hdr=["hdr10", "hlg"],
            subtitles=["vtt", "srt", "ass", "pgs"],
            interlaced=True,
            selects_tracks=True,
            max_width=3840,
            max_height=2160,
        ),
        ClientProfile(
            name="player",
            containers=_ALL_FILES,
            segments=["fmp4", "mpegts"],
            video=_ALL_VIDEO,
            audio=_ALL_AUDIO,
            hdr=["hdr10", "hdr10plus", "hlg", "dolby_vision"],
            subtitles=["vtt", "srt", "ass", "pgs", "vobsub"],
            interlaced=True,
            selects_tracks=True,
        ),
        ClientProfile(
            name="hls-ts",
            segments=["mpegts"],
            video=[VideoSupport(codec="h264", profiles=_UP_TO_HIGH, max_level=41)],
            audio=_sounds("aac", "mp3", max_channels=2),
            max_width=1920,
            max_height=1080,
        ),
    )
}  # fmt: skip
"""`player` is mpv, VLC, Kodi and their kind; `hls-ts` any old set-top box."""


def profile_of(given: str | ClientProfile) -> ClientProfile:
    """Return the profile of that name, or the one that was given.

    Raises:
        InvalidInput: there is none of that name, or nothing could ever be sent to such a client.
    """
    if isinstance(given, str):
        known = BUILT_IN.get(given)
        if known is None:
            raise InvalidInput("profile", f"must be one of {', '.join(BUILT_IN)}, or a profile of your own")
        return known
    if not given.segments:
        raise InvalidInput("profile.segments", "must name fmp4 or mpegts: what cannot be sent as it is comes as HLS")
    if not given.audio:
        raise InvalidInput("profile.audio", "must name at least one codec")
    return given
