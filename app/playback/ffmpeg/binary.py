"""Which FFmpeg is used, and what it can: asked once, before the first film is converted.

The configured one, else the one that came along, else the one on PATH. A hardware encoder counts only when it has
really encoded something here: being compiled in says nothing about the machine.
"""

import asyncio
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import structlog

from app.config import Settings
from app.playback.errors import FfmpegMissing, TranscodeFailed
from app.playback.ffmpeg.launcher import Launcher, Program
from app.playback.ffmpeg.process import output_of

log = structlog.get_logger("playback.ffmpeg")

ANSWER_SECONDS = 20.0
MOST = 2**20

HARDWARE = ("h264_nvenc", "h264_qsv", "h264_vaapi", "h264_amf", "h264_videotoolbox")
VAAPI_DEVICE = Path("/dev/dri/renderD128")
SOFTWARE = "libx264"

TRIAL = ("-f", "lavfi", "-i", "color=size=256x144:rate=10:duration=0.5")

_ENCODER = re.compile(r"^ [VAS][A-Z.]{5} (\S+)", re.MULTILINE)
_MUXER = re.compile(r"^ +D?E +(\S+)", re.MULTILINE)
_FILTER = re.compile(r"^ [A-Z.|]{2,3} (\S+) +\S+->\S+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Capabilities:
    program: Program
    version: str
    encoders: frozenset[str]
    filters: frozenset[str]
    muxers: frozenset[str]
    h264: str
    """The encoder that pictures are made with."""

    @property
    def tone_maps(self) -> bool:
        return {"zscale", "tonemap"} <= self.filters

    @property
    def draws_text(self) -> bool:
        return "ass" in self.filters

    @property
    def fingerprints(self) -> bool:
        return "chromaprint" in self.muxers


class FfmpegBinary:
    """Looks once, when it is first asked or told to start; a failed look is made again by the next who asks.

    What it finds is run by a process of its own, which ends with `stop`.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.playback
        self._launcher = Launcher()
        self._looking: asyncio.Task[Capabilities] | None = None

    async def start(self) -> None:
        """Look, without making the start wait for it."""
        self._look()

    async def stop(self) -> None:
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
            await asyncio.wait({looking})
        await self._launcher.stop()

    async def capabilities(self) -> Capabilities:
        """Raises: FfmpegMissing."""
        looking = self._look()
        await asyncio.wait({looking})
        return looking.result()

    def _look(self) -> asyncio.Task[Capabilities]:
        looking = self._looking
        if looking is None or (looking.done() and (looking.cancelled() or looking.exception() is not None)):
            looking = self._looking = asyncio.create_task(self._inspect(), name="ffmpeg.inspect")
        return looking

    async def _inspect(self) -> Capabilities:
        program = Program(find(self._settings.ffmpeg), self._launcher)
        try:
            said = await _ask(program, "-version")
            encoders = frozenset(_ENCODER.findall(await _ask(program, "-encoders")))
            filters = frozenset(_FILTER.findall(await _ask(program, "-filters")))
            muxers = frozenset(_MUXER.findall(await _ask(program, "-muxers")))
        except (TranscodeFailed, OSError) as err:
            raise FfmpegMissing(f"{program.path} does not work as ffmpeg: {err}") from err
        h264 = await self._choose(program, encoders)
        found = Capabilities(program, said.partition("\n")[0][:200], encoders, filters, muxers, h264)
        log.info("ffmpeg", program=program.path, version=found.version, encoder=h264, tone_maps=found.tone_maps)
        return found

    async def _choose(self, program: Program, encoders: frozenset[str]) -> str:
        if self._settings.hardware:
            for encoder in HARDWARE:
                if encoder in encoders and await _encodes(program, encoder):
                    return encoder
        if SOFTWARE in encoders:
            return SOFTWARE
        raise FfmpegMissing(f"{program.path} has no encoder for H.264; set playback.ffmpeg to one that has libx264")


def find(configured: Path | None) -> str:
    """Return the program to run. Raises: FfmpegMissing."""
    if configured is not None:
        if not configured.is_file():
            raise FfmpegMissing(f"playback.ffmpeg: there is no file {configured}")
        return str(configured)
    try:
        import imageio_ffmpeg  # noqa: PLC0415  may be left out where the system brings its own

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        found = shutil.which("ffmpeg")
    if found is None:
        raise FfmpegMissing("there is no ffmpeg: install it, or name it in playback.ffmpeg")
    return found


def device_arguments(encoder: str) -> list[str]:
    """Return what stands before the input for an encoder that needs a device."""
    return ["-vaapi_device", str(VAAPI_DEVICE)] if encoder == "h264_vaapi" else []


def upload_filter(encoder: str) -> str | None:
    """Return what takes a picture from memory to where the encoder wants it."""
    return "format=nv12,hwupload" if encoder == "h264_vaapi" else None


async def _encodes(program: Program, encoder: str) -> bool:
    filters = ["-vf", upload] if (upload := upload_filter(encoder)) else []
    try:
        await output_of(
            program,
            [*device_arguments(encoder), *TRIAL, *filters, "-c:v", encoder, "-f", "null", "-"],
            seconds=ANSWER_SECONDS,
            most=MOST,
        )
    except TranscodeFailed as err:
        log.debug("hardware encoder does not work here", encoder=encoder, reason=str(err))
        return False
    return True


async def _ask(program: Program, option: str) -> str:
    return (await output_of(program, [option], seconds=ANSWER_SECONDS, most=MOST)).decode(errors="replace")
