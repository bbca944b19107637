"""A disk of segments that is full, for real: a small one of its own, in a mount namespace of the node's own."""

import os
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.fixtures.node import Node, NodeFactory, until
from tests.fixtures.time_code import make_film, numbered, pitched
from tests.process.test_serve import add_films, analysed, scan

pytestmark = pytest.mark.process

OWN_DISK = ["unshare", "--mount", "--propagation", "private", "sh", "-c"]
MOUNT = 'mount -t tmpfs -o size=4m tmpfs "$0" && exec "$@"'


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    place = tmp_path / "segments"
    place.mkdir()
    probe = subprocess.run([*OWN_DISK, MOUNT, place, "true"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip(f"nothing can be mounted here: {probe.stderr.decode().strip()}")
    return place


def fill(filler: Path) -> None:
    """Write until nothing more fits."""
    with filler.open("wb", buffering=0) as file:
        for size in (2**16, 2**10, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue


def test_a_full_disk_is_told_as_what_it_is_and_mends_itself(
    node: NodeFactory, small_disk: Path, tmp_path: Path, database_url: str
) -> None:
    film = tmp_path / "films" / "Metropolis (1927).mkv"
    film.parent.mkdir()
    make_film(film, *numbered(30, rate=12), *pitched(30), "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")
    settings = {"REVENGE_PLAYBACK__CACHE_DIR": str(small_disk), "REVENGE_PLAYBACK__KEEP_FREE": "0"}
    serving = node("serve", start=False, REVENGE_PLAYBACK__HARDWARE="false", **settings)
    serving._command = [*OWN_DISK, MOUNT, str(small_disk), *serving._command]
    serving.start().ready()
    scan(serving, add_films(serving, film.parent))
    until(lambda: analysed(database_url))
    disk = Path(f"/proc/{serving.process.pid}/root") / small_disk.relative_to("/")
    fill(disk / "filler")

    playing = play(serving)
    refused = segment(serving, playing)
    assert (refused.status_code, refused.json()["code"]) == (503, "cache_full"), refused.text
    assert int(refused.headers["Retry-After"]) > 0
    until(lambda: files_on(disk) == ["filler"], what="nothing of it left on the disk")

    (disk / "filler").unlink()
    answer = until(lambda: mended(serving, playing), what="the segment made")
    assert len(answer.content) > 1000
    until(lambda: not list(disk.rglob("*.part")), what="what is under way written as a whole")
    assert serving.stop() == 0


def files_on(disk: Path) -> list[str]:
    return [name for _, _, names in os.walk(disk) for name in names]


def play(node: Node) -> dict[str, str]:
    item = node.get("/api/v1/items")["items"][0]["id"]
    playing: dict[str, str] = node.post("/api/v1/playback", {"item_id": item, "profile": "chrome", "allow_copy": False})
    return playing


def segment(node: Node, playing: dict[str, str]) -> httpx.Response:
    return node.http.get(f"/api/v1/playback/{playing['id']}/v0/00000.m4s")


def mended(node: Node, playing: dict[str, str]) -> httpx.Response | None:
    """Ask as a player does, which is told to come back."""
    answer = segment(node, playing)
    if answer.is_success:
        return answer
    assert (answer.status_code, answer.json()["code"]) in {(503, "cache_full"), (503, "segment_delayed")}, answer.text
    return None
