"""Codecs as playlists name them (RFC 6381). None: we cannot say, so the playlist says nothing and players look."""

from app.playback.decision.plans import VideoPlan
from app.playback.ladder import Rung, h264_level

_AUDIO = {
    "aac": "mp4a.40.2", "mp3": "mp4a.40.34", "ac3": "ac-3", "eac3": "ec-3", "opus": "Opus", "flac": "fLaC",
    "alac": "alac",
}  # fmt: skip


def audio_codec(codec: str) -> str | None:
    return _AUDIO.get(codec)


def video_codec(codec: str, rung: Rung, video: VideoPlan, frame_rate: float | None, *, is_copy: bool) -> str | None:
    if codec == "h264":
        level = video.level if is_copy and video.level else h264_level(rung.width, rung.height, frame_rate)
        return f"avc1.{_h264_profile(video.profile) if is_copy else '6400'}{level:02x}"
    if codec == "hevc":
        is_deep = (video.profile or "").casefold() == "main 10"
        return f"hvc1.{'2.4' if is_deep else '1.6'}.L{video.level or 120}.B0"
    if codec == "av1":
        return f"av01.0.{video.level or 9:02}M.{video.bit_depth or 8:02}"
    if codec == "vp9":
        return "vp09.00.41.08" if (video.bit_depth or 8) == 8 else "vp09.02.41.10"  # noqa: PLR2004  bits
    return None


def _h264_profile(profile: str | None) -> str:
    name = (profile or "").casefold()
    known = {"constrained baseline": "42e0", "baseline": "4200", "main": "4d40", "high": "6400", "high 10": "6e00"}
    return known.get(name, "6400")
