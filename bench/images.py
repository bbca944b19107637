"""What renditions cost beside bare Pillow: `python -m bench.images [--count N]`.

A poster of 2000×3000 becomes 320×480. `bare` opens, scales and encodes in this process, as a script would; `made` goes
through a renderer's process and the cache; `kept` comes out of the cache. One at a time, CPU of the others apart: what
is told is the median and the 99th percentile of wall time, with nothing else asked of the machine.
"""

import argparse
import asyncio
import io
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from PIL import Image

from app.config import Settings
from app.library.artwork.rendering.renderer import Renderer
from app.library.artwork.rendering.wish import Format, Wish
from app.library.artwork.renditions import Renditions
from app.library.kinds import FileState
from app.library.probing.prober import Prober
from app.library.records import FileLocation, PictureSource
from app.observability import Metrics

SIZE = (2000, 3000)
OPTIONS = {
    Format.JPEG: {"quality": 80, "optimize": True, "progressive": True},
    Format.WEBP: {"quality": 80, "method": 3},
    Format.AVIF: {"quality": 65, "speed": 8, "max_threads": 1},
}


def poster() -> bytes:
    layers = [Image.linear_gradient("L"), Image.radial_gradient("L"), Image.effect_noise((256, 256), 20)]
    content = io.BytesIO()
    Image.merge("RGB", [layer.resize(SIZE) for layer in layers]).save(content, "JPEG", quality=90)
    return content.getvalue()


def bare(content: bytes, form: Format) -> bytes:
    image: Image.Image = Image.open(io.BytesIO(content))
    image.draft(None, (320, 480))
    image = image.resize((320, 480), Image.Resampling.LANCZOS, reducing_gap=2.0)
    image.info = {}
    answer = io.BytesIO()
    image.save(answer, form.upper(), **OPTIONS[form])
    return answer.getvalue()


def told(name: str, times: Sequence[float]) -> str:
    ordered = sorted(times)
    last = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"| {name} | {statistics.median(times) * 1e3:.2f} | {last * 1e3:.2f} |"


async def run(count: int, folder: Path) -> list[str]:
    content = poster()
    path = folder / "poster.jpg"
    path.write_bytes(content)
    settings, metrics = Settings(data_dir=folder), Metrics()
    renderer, prober = Renderer(settings, metrics), Prober(settings, metrics)
    renditions = Renditions(settings, renderer, prober, metrics)
    status = path.stat()
    location = FileLocation(
        file_id=UUID(int=0),
        library_id=UUID(int=0),
        root=os.fsencode(folder),
        path=b"poster.jpg",
        display_path="poster.jpg",
        state=FileState.PRESENT,
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        container=None,
    )

    @asynccontextmanager
    async def opened():
        file = os.open(path, os.O_RDONLY)
        try:
            yield file
        finally:
            os.close(file)

    lines = ["| | median ms | p99 ms |", "|---|---|---|"]
    for form in OPTIONS:
        wish, times = Wish(width=320, format=form), {"bare": [], "made": [], "kept": []}
        for number in range(count + 1):
            source = PictureSource(location, None, f"tag-{number}")
            began = time.perf_counter()
            bare(content, form)
            middle = time.perf_counter()
            await renditions.get(source, wish, opened)
            made = time.perf_counter()
            await renditions.get(source, wish, opened)
            end = time.perf_counter()
            if number:  # the first starts the process
                for name, spent in (("bare", middle - began), ("made", made - middle), ("kept", end - made)):
                    times[name].append(spent)
        lines += [told(f"{form} {name}", spent) for name, spent in times.items()]
    await renditions.stop()
    await renderer.stop()
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory(prefix="revenge-images-") as folder:
        lines = asyncio.run(run(count, Path(folder)))
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, {count} of each\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
