"""How many files a second the pool of probers describes, beside PyAV alone in as many processes.

`python -m bench.probing [--rounds N] [--files N] [--folder FOLDER]`: without a folder, of films in 720p with several
sounds and subtitles, and then of the smallest films and songs of every container, where our own work weighs most. All
made by ffmpeg and in memory, so that what is measured is the work for a file and not the disk. PyAV alone opens a file,
finds its streams and names their codecs; ours also looks for keyframes, tags, pictures, light and rotation, checks that
nothing is missing at the end, holds its limits and answers as a typed record. In turn, round after round.
"""

import argparse
import asyncio
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import av
import uvloop

from app.config import LibrarySettings, ProbeSettings, Settings
from app.library.confined.child import NICE
from app.library.formats import AUDIO_EXTENSIONS, VIDEO_EXTENSIONS, extension_of
from app.library.probing.prober import Prober
from app.observability import Metrics
from tests.fixtures.media import SUBTITLES, Media
from tests.fixtures.mutants import sources

PROCESSES = 2
IN_FLIGHT = 2 * PROCESSES
"""Files waiting for each process, for both: neither may idle because of who feeds it."""


def alone(path: str) -> int:
    """What the least program with PyAV does."""
    with av.open(path) as container:
        return len([(stream.type, stream.codec_context and stream.codec_context.name) for stream in container.streams])


def begin() -> None:
    """As modest as ours: beside other work on the machine, the two must be given alike."""
    os.nice(NICE)
    av.logging.set_level(av.logging.PANIC)


def rate_alone(pool: ProcessPoolExecutor, paths: Sequence[str]) -> float:
    begun = time.perf_counter()
    assert all(pool.map(alone, paths))
    return len(paths) / (time.perf_counter() - begun)


async def rate_ours(prober: Prober, paths: Sequence[str]) -> float:
    waiting = iter(paths)

    async def work() -> None:
        for path in waiting:
            file = os.open(path, os.O_RDONLY)
            try:
                assert (await prober.probe(file)).streams
            finally:
                os.close(file)

    begun = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    return len(paths) / (time.perf_counter() - begun)


def films(media: Media) -> list[Path]:
    """Films as they are found on disks, but for their length."""
    sounds = ("-f", "lavfi", "-i", "sine=duration=10", "-f", "lavfi", "-i", "sine=duration=10:frequency=300")
    inputs = ("-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=24:duration=10", *sounds, "-f", "srt", "-i", "{0}")
    streams = ("-map", "0", "-map", "1", "-map", "2", "-map", "3")
    h264 = ("-c:v", "libx264", "-preset", "veryfast", "-g", "48", "-c:a:0", "aac", "-c:a:1", "ac3")
    hevc = (
        "-c:v",
        "libx265",
        "-preset",
        "ultrafast",
        "-x265-params",
        "log-level=none",
        "-c:a:0",
        "aac",
        "-c:a:1",
        "eac3",
    )
    return [
        media.make("h264.mkv", *inputs, *streams, *h264, "-c:s", "srt", texts=(SUBTITLES,)),
        media.make("hevc.mkv", *inputs, *streams, *hevc, "-c:s", "ass", texts=(SUBTITLES,)),
        media.make("h264.mp4", *inputs, *streams, *h264, "-c:s", "mov_text", texts=(SUBTITLES,)),
        media.make("hevc.mp4", *inputs, *streams, *hevc, "-c:s", "mov_text", texts=(SUBTITLES,)),
    ]


def corpora(folder: Path | None) -> dict[str, list[Path]]:
    if folder is not None:
        known = VIDEO_EXTENSIONS | AUDIO_EXTENSIONS
        found = [path for path in sorted(folder.rglob("*")) if extension_of(os.fsencode(path.name)).lower() in known]
        return {"the folder": found}
    media = Media(Path(tempfile.mkdtemp(prefix="bench-probing-")))
    return {"films in 720p": films(media), "the smallest": sorted(sources(media).values())}


async def measure(paths: Sequence[str], rounds: int) -> tuple[list[float], list[float]]:
    settings = Settings(library=LibrarySettings(probe=ProbeSettings(processes=PROCESSES)))
    prober = Prober(settings, Metrics())
    await prober.start()
    bare: list[float] = []
    ours: list[float] = []
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn"), initializer=begin) as pool:
        rate_alone(pool, paths[:100])  # imports, and files in memory
        await rate_ours(prober, paths[:100])
        for _ in range(rounds):
            bare.append(await asyncio.to_thread(rate_alone, pool, paths))
            ours.append(await rate_ours(prober, paths))
    await prober.stop()
    return bare, ours


def told(rates: Sequence[float]) -> str:
    return f"{statistics.median(rates):,.0f} ({min(rates):,.0f}–{max(rates):,.0f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--files", type=int, default=1_500)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    print(f"{PROCESSES} processes, {options.files:,} files a round, {options.rounds} rounds in turn; ", end="")
    print(f"Python {platform.python_version()}, PyAV {av.__version__}, {os.cpu_count()} cores\n")
    print("| | files | PyAV alone, files/s | our probers, files/s | × PyAV alone |\n|---|---|---|---|---|")
    for name, found in corpora(options.folder).items():
        paths = (list(map(str, found)) * (options.files // len(found) + 1))[: options.files]
        bare, ours = uvloop.run(measure(paths, options.rounds))
        ratios = sorted(mine / theirs for mine, theirs in zip(ours, bare, strict=True))
        ratio = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})"
        print(f"| {name} | {len(found)} | {told(bare)} | {told(ours)} | {ratio} |", flush=True)


if __name__ == "__main__":
    main()
