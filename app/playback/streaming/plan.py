"""A decision → renditions: what each is made of, what the playback calls it, and where all of them are cut. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from msgspec.structs import replace

from app.library.media import StreamInfo
from app.playback.decision.pictures import MAX_GAP_MS
from app.playback.decision.plans import AudioPlan, Decision, SubtitlePlan, VideoPlan
from app.playback.hls.cuts import Cuts, at_keyframes, at_regular_times
from app.playback.source import STYLED, TEXTS, MediaSource
from app.playback.transcoding.recipes import AudioRecipe, Burn, MuxedRecipe, Recipe, SubtitleRecipe, VideoRecipe

SHORTEST_MS = 1


@dataclass(frozen=True, slots=True)
class Rendition:
    name: str
    """v0 … for pictures, a… for sounds, s… and x… for subtitles inside and beside the file."""
    recipe: Recipe
    starts_at_once: bool
    """Whether it is wanted as soon as the playback begins."""


def renditions(decision: Decision, source: MediaSource) -> list[Rendition]:
    """Return all that a player may ask for. Of the file as it is: its subtitles only."""
    found = [
        Rendition(subtitle_name(plan), replace(recipe, words=_words(plan, source)), starts_at_once=False)
        for plan in decision.subtitles
        if (recipe := subtitle_recipe(plan)) is not None
    ]
    if decision.method == "direct_play":
        return found
    pictures = [] if decision.video is None else _pictures(decision.video, decision.subtitles, source)
    sounds = {plan.index: _sound(plan) for plan in decision.audio}
    if decision.segments == "mpegts":
        sound = next((sounds[plan.index] for plan in decision.audio if plan.selected), None)
        both: Sequence[VideoRecipe | None] = pictures or [None]
        return found + [
            Rendition(f"v{number}", MuxedRecipe(video=one, audio=sound), starts_at_once=number == 0)
            for number, one in enumerate(both)
        ]
    found += [Rendition(f"v{number}", one, starts_at_once=number == 0) for number, one in enumerate(pictures)]
    chosen = {plan.index for plan in decision.audio if plan.selected}
    return found + [Rendition(f"a{index}", one, starts_at_once=index in chosen) for index, one in sounds.items()]


def cuts_of(source: MediaSource, keyframes: Sequence[int], zero_ms: int) -> Cuts:
    """Cut where a copy could be cut, also what is converted; else at regular times."""
    end = max(source.duration_ms or 0, SHORTEST_MS)
    if keyframes and source.widest_gap_ms is not None and source.widest_gap_ms <= MAX_GAP_MS:
        return at_keyframes([time - zero_ms for time in keyframes], end)
    return at_regular_times(end)


def subtitle_name(plan: SubtitlePlan) -> str:
    return f"s{plan.stream}" if plan.stream is not None else f"x{plan.beside}"


def sound_origin(recipe: Recipe, source: MediaSource, zero_ms: int) -> int:
    """Return the file's own time of the first packet of the sound that is copied."""
    sound = recipe.audio if isinstance(recipe, MuxedRecipe) else recipe
    if not isinstance(sound, AudioRecipe):
        return zero_ms
    stream = next((one for one in source.streams if one.index == sound.stream), None)
    return zero_ms if stream is None or stream.start_ms is None else stream.start_ms


def frame_rate_of(source: MediaSource) -> float | None:
    return None if source.video is None else source.video.frame_rate


def _pictures(plan: VideoPlan, subtitles: Sequence[SubtitlePlan], source: MediaSource) -> list[VideoRecipe]:
    made: list[VideoRecipe] = []
    stream: StreamInfo | None = source.video
    for number, rung in enumerate(plan.renditions):
        is_copy = plan.action == "copy" and number == 0
        action: Literal["copy", "transcode"] = "copy" if is_copy else "transcode"
        made.append(
            VideoRecipe(
                stream=plan.index,
                action=action,
                codec=plan.codec if is_copy else "h264",
                width=rung.width,
                height=rung.height,
                bit_rate=rung.bit_rate,
                frame_rate=None if stream is None else stream.frame_rate,
                tone_map=plan.tone_map and not is_copy,
                deinterlace=plan.deinterlace and not is_copy,
                burn=None if is_copy else _burn(subtitles, source),
            )
        )
    return made


def _burn(subtitles: Sequence[SubtitlePlan], source: MediaSource) -> Burn | None:
    for plan in subtitles:
        if plan.selected and plan.delivery == "burn":
            is_text = plan.format in TEXTS
            return Burn(stream=plan.stream, beside=plan.beside, words=_words(plan, source), is_text=is_text)
    return None


def _words(plan: SubtitlePlan, source: MediaSource) -> str | None:
    return next((one.words for one in source.beside if one.place == plan.beside), None)


def _sound(plan: AudioPlan) -> AudioRecipe:
    return AudioRecipe(stream=plan.index, action=plan.action, codec=plan.codec, channels=plan.channels)


def subtitle_recipe(plan: SubtitlePlan) -> SubtitleRecipe | None:
    """Return what is handed over beside the pictures; None where nothing is."""
    form = _handed_over(plan)
    return None if form is None else SubtitleRecipe(stream=plan.stream, beside=plan.beside, format=form)


_PICTURES_AS: dict[str, Literal["sup", "mks"]] = {"hdmv_pgs_subtitle": "sup", "sup": "sup", "vobsub": "mks"}
"""The two files of a VobSub would be two addresses, of which no player takes both: it goes as a film of its own."""


def _handed_over(plan: SubtitlePlan) -> Literal["vtt", "ass", "srt", "sup", "mks"] | None:
    if plan.delivery == "vtt":
        return "vtt"
    if plan.delivery != "as_is":
        return None
    if plan.format in TEXTS:
        return "ass" if plan.format in STYLED else "srt"
    return _PICTURES_AS.get(plan.format)
