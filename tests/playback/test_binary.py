"""Which encoder is used: one of the hardware's where it has really encoded something, the processor's otherwise."""

from pathlib import Path

import pytest

from app.config import Settings
from app.config.sections.playback import PlaybackSettings
from app.playback.errors import FfmpegMissing, TranscodeFailed
from app.playback.ffmpeg.binary import FfmpegBinary
from app.playback.ffmpeg.launcher import Launcher, Program
from app.playback.ffmpeg.process import running
from tests.fixtures.time_code import FFMPEG

CLAIMS = """#!/bin/sh
case "$*" in
*-encoders) {program} "$@"; echo " V....D h264_nvenc           an encoder of a card" ;;
*h264_nvenc*) {trial} ;;
*) exec {program} "$@" ;;
esac
"""


async def chosen(folder: Path, trial: str, *, hardware: bool = True) -> str:
    """Return the encoder that is chosen where FFmpeg claims to have a card's, whose trial ends like this."""
    program = folder / "ffmpeg"
    program.write_text(CLAIMS.format(program=FFMPEG, trial=trial))
    program.chmod(0o755)
    binary = FfmpegBinary(Settings(playback=PlaybackSettings(ffmpeg=program, hardware=hardware)))
    try:
        return (await binary.capabilities()).h264
    finally:
        await binary.stop()


async def test_hardware_that_encodes_is_used(tmp_path: Path) -> None:
    assert await chosen(tmp_path, "exit 0") == "h264_nvenc"


@pytest.mark.parametrize("trial", ["exit 1", "kill -SEGV $$", "echo no capable device >&2; exit 187"])
async def test_hardware_that_does_not_work_here_is_left_alone(tmp_path: Path, trial: str) -> None:
    assert await chosen(tmp_path, trial) == "libx264"


async def test_hardware_that_is_not_wanted_is_not_tried(tmp_path: Path) -> None:
    assert await chosen(tmp_path, f"touch {tmp_path / 'tried'}", hardware=False) == "libx264"
    assert not (tmp_path / "tried").exists()


async def test_what_is_no_ffmpeg_is_told_by_name(tmp_path: Path) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text("no program")
    binary = FfmpegBinary(Settings(playback=PlaybackSettings(ffmpeg=program)))
    try:
        with pytest.raises(FfmpegMissing, match=str(program)):
            await binary.capabilities()
    finally:
        await binary.stop()


async def test_a_picture_larger_than_the_memory_it_may_use_fails_alone() -> None:
    """FFmpeg gives up; who has started it goes on."""
    launcher = Launcher()
    program = Program(FFMPEG, launcher)

    async def picture(size: str) -> None:
        source = ("-f", "lavfi", "-i", f"nullsrc=size={size}", "-vf", "format=gbrapf32le", "-frames:v", "1")
        async with running(program, [*source, "-f", "null", "-"], memory=2**30) as ffmpeg:
            await ffmpeg.stdout.read()
            await ffmpeg.require_success()

    try:
        with pytest.raises(TranscodeFailed, match="memory"):
            await picture("16000x16000")  # with 16 bytes a point four times what it may use
        await picture("16x16")
    finally:
        await launcher.stop()
