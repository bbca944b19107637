"""Subtitles: which there are, and how each reaches the client."""

from typing import Literal

import msgspec

from app.errors import InvalidInput
from app.playback.decision.plans import SubtitlePlan, SubtitleWish, Wishes
from app.playback.profiles import ClientProfile
from app.playback.source import PICTURES, STYLED, TEXTS, MediaSource


def all_of(source: MediaSource, wishes: Wishes) -> list[SubtitlePlan]:
    wish = wishes.subtitle or SubtitleWish()
    found = [
        SubtitlePlan(stream=one.index, delivery="as_is", format=one.codec or "unknown", language=one.language,
                     title=one.title, flags=one.dispositions, selected=one.index == wish.stream)
        for one in source.subtitles
    ] + [
        SubtitlePlan(beside=one.place, delivery="as_is", format=one.format, language=one.language,
                     title=one.title, flags=one.flags, selected=one.place == wish.beside)
        for one in source.beside
    ]  # fmt: skip
    if wish != SubtitleWish() and not any(one.selected for one in found):
        raise InvalidInput("subtitle", "the file has no such subtitles, neither inside nor beside it")
    return found


def burn(plans: list[SubtitlePlan]) -> bool:
    return any(one.selected and one.delivery == "burn" for one in plans)


def reaching(profile: ClientProfile, plan: SubtitlePlan, wishes: Wishes, *, is_file: bool) -> SubtitlePlan:
    """Say how subtitles reach the client: of a file that it reads itself, or beside segments."""
    kinds = set(profile.subtitles)
    reads = plan.beside is not None or not is_file or profile.selects_tracks
    burn = plan.selected and wishes.keep_style
    delivery: Literal["inside", "as_is", "vtt", "burn"] = "vtt" if "vtt" in kinds else "burn"
    if plan.format not in TEXTS:
        # Pictures that lie in the file can be handed over as a stream of their own in the form of discs only.
        whole = is_file or plan.beside is not None or plan.format == "hdmv_pgs_subtitle"
        delivery = "as_is" if reads and whole and PICTURES.get(plan.format) in kinds else "burn"
    elif plan.format in STYLED:
        delivery = "as_is" if reads and "ass" in kinds else "burn" if burn else delivery
    elif plan.format in ("subrip", "srt") and reads and "srt" in kinds:
        delivery = "as_is"
    return msgspec.structs.replace(plan, delivery=delivery)
