"""What a rendition is made of, exactly: equal recipes of an equal file are one transcode, whoever watches.

A recipe is data of ours: numbers and words of closed sets. No text of a client and no name of a file is in it.
"""

import hashlib
from typing import Literal
from uuid import UUID

import msgspec

VERSION = 3
"""Counts changes of what a recipe makes: what was made by an older one is not mixed with it."""


class Burn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Subtitles that become part of the picture."""

    stream: int | None = None
    beside: int | None = None
    words: str | None = None
    """Of those beside the file: as `SubtitleBeside` has it."""
    is_text: bool


class VideoRecipe(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="video"):
    stream: int
    action: Literal["copy", "transcode"]
    codec: str
    width: int
    height: int
    bit_rate: int
    frame_rate: float | None = None
    tone_map: bool = False
    deinterlace: bool = False
    burn: Burn | None = None


class AudioRecipe(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="audio"):
    stream: int
    action: Literal["copy", "transcode"]
    codec: str
    channels: int


class MuxedRecipe(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="muxed"):
    """A transport stream: picture and sound together."""

    video: VideoRecipe | None = None
    audio: AudioRecipe | None = None


class SubtitleRecipe(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="subtitle"):
    """One text for the whole film."""

    stream: int | None = None
    beside: int | None = None
    words: str | None = None
    """As of `Burn`."""
    format: Literal["vtt", "ass", "srt", "sup", "mks"]


Recipe = VideoRecipe | AudioRecipe | MuxedRecipe | SubtitleRecipe

_decoder: msgspec.json.Decoder[Recipe] = msgspec.json.Decoder(Recipe)


def encode(recipe: Recipe) -> bytes:
    return msgspec.json.encode(recipe)


def decode(text: bytes) -> Recipe:
    return _decoder.decode(text)


def digest_of(recipe: Recipe, file_id: UUID, stamp: tuple[int, int], cuts: bytes) -> bytes:
    """Return what a transcode is known by: another content of the file, or other cuts, are another transcode."""
    words = (str(VERSION).encode(), file_id.bytes, repr(stamp).encode(), cuts, encode(recipe))
    return hashlib.sha256(b"\0".join(words)).digest()


def name_of(recipe: Recipe, digest: bytes) -> str:
    """Return what people see in a job's args: what it is, and enough of its digest to tell it from others."""
    match recipe:
        case VideoRecipe(action="copy"):
            what = f"video-copy-{recipe.codec}"
        case VideoRecipe():
            what = f"video-{recipe.height}p-{recipe.codec}"
        case AudioRecipe():
            what = f"audio-{recipe.stream}-{recipe.action}-{recipe.codec}"
        case MuxedRecipe():
            what = "ts" if recipe.video is None else f"ts-{recipe.video.height}p"
        case SubtitleRecipe():
            what = f"subtitle-{recipe.format}"
    return f"{what}-{digest.hex()[:12]}"


def extension_of(recipe: Recipe) -> str:
    match recipe:
        case MuxedRecipe():
            return "ts"
        case SubtitleRecipe():
            return recipe.format
        case _:
            return "m4s"


def has_init(recipe: Recipe) -> bool:
    return isinstance(recipe, VideoRecipe | AudioRecipe)
