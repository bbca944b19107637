"""Playlists (RFC 8216), written before anything is encoded: every segment is listed, so a player may go anywhere.

Pure. Addresses are relative to the master's own; `query` is what makes each of them good for this playback alone.
"""

from collections.abc import Sequence

from app.playback.decision import AudioPlan, Decision, SubtitlePlan, VideoPlan
from app.playback.hls.codecs import audio_codec, video_codec
from app.playback.hls.cuts import Cuts
from app.playback.ladder import Rung
from app.playback.source import TEXTS

TYPE = "application/vnd.apple.mpegurl"

_GROUPS = {"AUDIO": "sound", "SUBTITLES": "words"}
_SOUND_RATES = {1: 96_000, 2: 192_000}
_SURROUND_RATE = 640_000


def media_playlist(cuts: Cuts, *, extension: str, init: str | None, query: str) -> str:
    """List every segment of a rendition."""
    durations = cuts.durations()
    longest = max(-(-duration // 1000) for duration in durations)
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{7 if init else 3}",
        f"#EXT-X-TARGETDURATION:{longest}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
    ]
    lines += ["#EXT-X-INDEPENDENT-SEGMENTS", f'#EXT-X-MAP:URI="{init}{query}"'] if init else []
    for number, duration in enumerate(durations):
        lines += [f"#EXTINF:{duration / 1000:.3f},", f"{number:05}.{extension}{query}"]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def whole_playlist(cuts: Cuts, name: str, query: str) -> str:
    """List one segment that is all of it: of subtitles, whose text is small and whose lines cross every cut."""
    return "\n".join(
        [
            "#EXTM3U",
            "#EXT-X-VERSION:3",
            f"#EXT-X-TARGETDURATION:{-(-cuts.end // 1000)}",
            "#EXT-X-MEDIA-SEQUENCE:0",
            "#EXT-X-PLAYLIST-TYPE:VOD",
            f"#EXTINF:{cuts.end / 1000:.3f},",
            f"{name}{query}",
            "#EXT-X-ENDLIST",
            "",
        ]
    )


def master_playlist(decision: Decision, frame_rate: float | None, query: str) -> str:
    """List the renditions of the picture, and the sounds and subtitles that go with each."""
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{7 if decision.segments == 'fmp4' else 3}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    words = [one for one in decision.subtitles if one.delivery == "vtt" and one.format in TEXTS]
    apart = decision.segments == "fmp4" and decision.video is not None
    if apart:
        lines += [_sound_line(one, number, query) for number, one in enumerate(decision.audio)]
    lines += [_words_line(one, number, query) for number, one in enumerate(words)]
    groups = (',AUDIO="sound"' if apart and decision.audio else "") + (',SUBTITLES="words"' if words else "")
    chosen = next((one for one in decision.audio if one.selected), None)
    if decision.video is None:
        lines += _sound_only(decision, chosen, query)
    else:
        for number, rung in enumerate(decision.video.renditions):
            lines += _picture(decision.video, number, rung, chosen, groups, frame_rate, query)
    return "\n".join([*lines, ""])


def _picture(  # noqa: PLR0917  one line of it for each
    video: VideoPlan,
    number: int,
    rung: Rung,
    sound: AudioPlan | None,
    groups: str,
    frame_rate: float | None,
    query: str,
) -> list[str]:
    is_copy = video.action == "copy" and number == 0
    rate = rung.bit_rate + (0 if sound is None else _sound_rate(sound))
    codecs = [video_codec("h264" if not is_copy else video.codec, rung, video, frame_rate, is_copy=is_copy)]
    codecs += [] if sound is None else [audio_codec(sound.codec)]
    size = f"RESOLUTION={rung.width}x{rung.height}"
    shown = "" if frame_rate is None else f",FRAME-RATE={frame_rate:.3f}"
    known = "" if any(codec is None for codec in codecs) else f',CODECS="{",".join(filter(None, codecs))}"'
    return [
        f"#EXT-X-STREAM-INF:BANDWIDTH={rate * 3 // 2},AVERAGE-BANDWIDTH={rate},{size}{known}{shown}{groups}",
        f"v{number}/index.m3u8{query}",
    ]


def _sound_only(decision: Decision, chosen: AudioPlan | None, query: str) -> list[str]:
    if chosen is None:
        return []
    name = f"a{chosen.index}" if decision.segments == "fmp4" else "v0"
    codec = audio_codec(chosen.codec)
    return [
        f"#EXT-X-STREAM-INF:BANDWIDTH={_sound_rate(chosen)}" + (f',CODECS="{codec}"' if codec else ""),
        f"{name}/index.m3u8{query}",
    ]


def _sound_line(plan: AudioPlan, number: int, query: str) -> str:
    return _line(
        "AUDIO",
        _label(plan.title, plan.language, f"Audio {number + 1}"),
        plan.language,
        f"a{plan.index}/index.m3u8{query}",
        [("DEFAULT", "YES" if plan.selected else "NO"), ("AUTOSELECT", "YES"), ("CHANNELS", f'"{plan.channels}"')],
    )


def _words_line(plan: SubtitlePlan, number: int, query: str) -> str:
    name = f"s{plan.stream}" if plan.stream is not None else f"x{plan.beside}"
    flags = [
        ("DEFAULT", "YES" if plan.selected else "NO"),
        ("AUTOSELECT", "YES"),
        ("FORCED", "YES" if "forced" in plan.flags else "NO"),
    ]
    label = _label(plan.title, plan.language, f"Subtitles {number + 1}")
    return _line("SUBTITLES", label, plan.language, f"{name}/index.m3u8{query}", flags)


def _line(kind: str, label: str, language: str | None, uri: str, flags: Sequence[tuple[str, str]]) -> str:
    parts = [("TYPE", kind), ("GROUP-ID", f'"{_GROUPS[kind]}"'), ("NAME", f'"{label}"')]
    parts += [("LANGUAGE", f'"{_quotable(language)}"')] if language else []
    return "#EXT-X-MEDIA:" + ",".join(f"{name}={value}" for name, value in [*parts, *flags, ("URI", f'"{uri}"')])


def _label(title: str | None, language: str | None, otherwise: str) -> str:
    """Name a track. Titles come from files: whatever would end a quoted string or a line is left out."""
    return _quotable(" – ".join(filter(None, (language, title)))) or otherwise


def _quotable(text: str) -> str:
    return "".join(character for character in text if character.isprintable() and character != '"')[:100]


def _sound_rate(plan: AudioPlan) -> int:
    return _SOUND_RATES.get(plan.channels, _SURROUND_RATE)
