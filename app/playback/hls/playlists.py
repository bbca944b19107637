"""Playlists (RFC 8216), written before anything is encoded: every segment is listed, so a player may go anywhere.

Pure. Addresses are relative to the master's own; `query` is what makes each of them good for this playback alone.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.library.naming.languages import language_of
from app.playback.decision.plans import AudioPlan, Decision, SubtitlePlan, VideoPlan
from app.playback.hls.codecs import audio_codec, video_codec
from app.playback.hls.cuts import Cuts
from app.playback.ladder import Rung
from app.playback.source import TEXTS

TYPE = "application/vnd.apple.mpegurl"

_GROUPS = {"AUDIO": "sound", "SUBTITLES": "words"}
_SOUND_RATES = {1: 96_000, 2: 192_000}
_SURROUND_RATE = 640_000
_LOSSLESS_RATE = 768_000
"""Of one channel: more than it ever takes, for nobody knows."""
_LOSSLESS = frozenset({"flac", "alac"})

_PACKED = {"fmp4": 1.02, "mpegts": 1.1}
"""With what segments are made of; a transport stream has a header in every 188 bytes."""

_CODE = re.compile(r"[a-z]{3}")
"""Of the thousands of languages that have no shorter one."""
_NO_LANGUAGES = frozenset({"und", "mul", "mis", "zxx"})
"""What files say that do not know theirs, or have several or none."""


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
        lines += _lines([_sound_member(one, number, query) for number, one in enumerate(decision.audio)])
    lines += _lines([_words_member(one, number, query) for number, one in enumerate(words)])
    groups = (',AUDIO="sound"' if apart and decision.audio else "") + (',SUBTITLES="words"' if words else "")
    chosen = next((one for one in decision.audio if one.selected), None)
    sounds = decision.audio if apart else [chosen] if chosen is not None else []
    if decision.video is None:
        lines += _sound_only(decision, chosen, query)
    else:
        for number, rung in enumerate(decision.video.renditions):
            lines += _picture(decision.video, number, rung, sounds, groups, frame_rate, query, apart=apart)
    return "\n".join([*lines, ""])


def _picture(  # noqa: PLR0917  one line of it for each
    video: VideoPlan,
    number: int,
    rung: Rung,
    sounds: Sequence[AudioPlan],
    groups: str,
    frame_rate: float | None,
    query: str,
    *,
    apart: bool,
) -> list[str]:
    is_copy = video.action == "copy" and number == 0
    beside = max((_sound_rate(one) for one in sounds), default=0)
    packed = _PACKED["fmp4" if apart else "mpegts"]
    rate = round((rung.bit_rate + beside) * packed)
    peak = rate * 3 // 2
    if is_copy and video.peak_bit_rate:
        peak = max(round((video.peak_bit_rate + beside) * packed), rate)
    codecs = [video_codec("h264" if not is_copy else video.codec, rung, video, frame_rate, is_copy=is_copy)]
    codecs += list(dict.fromkeys(audio_codec(one.codec) for one in sounds))
    size = f"RESOLUTION={rung.width}x{rung.height}"
    shown = "" if frame_rate is None else f",FRAME-RATE={frame_rate:.3f}"
    known = "" if any(codec is None for codec in codecs) else f',CODECS="{",".join(filter(None, codecs))}"'
    return [
        f"#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={rate},{size}{known}{shown}{groups}",
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


@dataclass(frozen=True, slots=True)
class _Member:
    """One of a group, of which a player lets its viewer choose."""

    kind: str
    label: str
    language: str | None
    uri: str
    is_selected: bool
    flags: tuple[tuple[str, str], ...]


def _sound_member(plan: AudioPlan, number: int, query: str) -> _Member:
    language = _language(plan.language)
    label = _label(plan.title, language, f"Audio {number + 1}")
    channels = (("CHANNELS", f'"{plan.channels}"'),)
    return _Member("AUDIO", label, language, f"a{plan.index}/index.m3u8{query}", plan.selected, channels)


def _words_member(plan: SubtitlePlan, number: int, query: str) -> _Member:
    name = f"s{plan.stream}" if plan.stream is not None else f"x{plan.beside}"
    language = _language(plan.language)
    label = _label(plan.title, language, f"Subtitles {number + 1}")
    forced = (("FORCED", "YES" if "forced" in plan.flags else "NO"),)
    return _Member("SUBTITLES", label, language, f"{name}/index.m3u8{query}", plan.selected, forced)


def _lines(members: Sequence[_Member]) -> list[str]:
    """Return a line for each. No two have one name; of those that a player cannot tell apart, it may choose one."""
    names: set[str] = set()
    choices = {(one.language, one.flags) for one in members if one.is_selected}
    lines = []
    for one in members:
        name = next(name for name in _names(one.label) if name not in names)
        names.add(name)
        is_choice = one.is_selected or (one.language, one.flags) not in choices
        choices.add((one.language, one.flags))
        parts = [("TYPE", one.kind), ("GROUP-ID", f'"{_GROUPS[one.kind]}"'), ("NAME", f'"{name}"')]
        parts += [("LANGUAGE", f'"{one.language}"')] if one.language else []
        parts += [("DEFAULT", "YES" if one.is_selected else "NO"), ("AUTOSELECT", "YES" if is_choice else "NO")]
        parts += [*one.flags, ("URI", f'"{one.uri}"')]
        lines.append("#EXT-X-MEDIA:" + ",".join(f"{key}={value}" for key, value in parts))
    return lines


def _names(label: str) -> Iterator[str]:
    yield label
    yield from (f"{label} ({number})" for number in itertools.count(2))


def _language(said: str | None) -> str | None:
    """Return a language as BCP 47 has it; None for what is none."""
    word = (said or "").casefold()
    known = language_of(word)
    return word if known is None and _CODE.fullmatch(word) and word not in _NO_LANGUAGES else known


def _label(title: str | None, language: str | None, otherwise: str) -> str:
    """Name a track. Titles come from files: whatever would end a quoted string or a line is left out."""
    return _quotable(" – ".join(filter(None, (language, title)))) or otherwise


def _quotable(text: str) -> str:
    return "".join(character for character in text if character.isprintable() and character != '"')[:100]


def _sound_rate(plan: AudioPlan) -> int:
    """Return what a sound takes at most. What is converted, we know; what is copied, its container may tell."""
    if plan.codec in _LOSSLESS:
        return _LOSSLESS_RATE * plan.channels
    usual = _SOUND_RATES.get(plan.channels, _SURROUND_RATE)
    return max(usual, plan.bit_rate * 11 // 10) if plan.bit_rate else usual
