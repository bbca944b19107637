"""Pictures from elsewhere: fetched once, kept by their content; whatever their servers do costs a note or a wait."""

import asyncio
import hashlib
import os
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from app.accounts.viewer import LOCAL_ADMINISTRATOR
from app.catalog.beside import Beside
from app.catalog.browse import Catalog
from app.jobs.errors import JobSnooze
from app.library.artwork.store import GRACE
from app.metadata.images import fetching
from app.metadata.outbound import Outbound, OutboundFailed
from tests.fixtures.images import ImageBench
from tests.fixtures.outside import Outside, Reply
from tests.fixtures.pictures import encoded, quarters
from tests.fixtures.shelf import Shelf

POSTER = encoded(quarters(), "JPEG")
OTHER = encoded(quarters((300, 450)), "PNG")


@pytest.fixture
async def film(shelf: Shelf, images: ImageBench, outside: Outside) -> UUID:
    images.allow(outside.url)
    return await shelf.item(await shelf.library(), "Film")


def name_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def test_a_picture_is_fetched_looked_at_and_shown(images: ImageBench, outside: Outside, film: UUID) -> None:
    outside.answers["/poster"] = Reply(body=POSTER, headers={"Content-Type": "text/html"})
    await images.name(film, f"{outside.url}/poster")

    (done,) = await images.work()

    (row,) = await images.rows()
    assert done == {"looked_at": 0, "fetched": 1, "problems": 0, "given_up": 0}
    assert images.stored == {name_of(POSTER)}
    assert (row["digest"].hex(), row["size"]) == (name_of(POSTER), len(POSTER))
    assert (row["width"], row["height"], row["problem"]) == (400, 600, None)
    item = await Catalog(images.transactions).item(LOCAL_ADMINISTRATOR, film)
    (image,) = item.images
    assert (image.source, image.width, image.height) == ("remote", 400, 600)
    assert image.placeholder is not None
    assert image.color is not None
    assert image.tag == name_of(POSTER)[:16]
    source = await Beside(images.transactions, images.store).picture(LOCAL_ADMINISTRATOR, film, "poster")
    assert (images.folder / "images" / os.fsdecode(source.location.path)).read_bytes() == POSTER
    assert source.is_stored


async def test_what_was_fetched_is_not_fetched_again(images: ImageBench, outside: Outside, film: UUID) -> None:
    outside.answers["/poster"] = Reply(body=POSTER)
    await images.name(film, f"{outside.url}/poster")
    await images.work()
    before = await images.rows()

    await images.announce(film)
    assert await images.work() == []

    assert outside.paths == ["/poster"]
    assert await images.rows() == before


async def test_the_best_of_each_role_is_enough_and_of_backdrops_three(
    images: ImageBench, outside: Outside, film: UUID
) -> None:
    for number in range(5):
        outside.answers[f"/{number}"] = Reply(body=encoded(quarters((40 + number, 60)), "PNG"))
    addresses = [f"{outside.url}/{number}" for number in range(5)]
    await images.name(film, *addresses)
    await images.name(film, *addresses, role="backdrop")

    await images.work()

    assert sorted(outside.paths) == ["/0", "/0", "/1", "/2"]


async def test_what_lies_beside_the_media_needs_no_other(
    images: ImageBench, outside: Outside, shelf: Shelf, tmp_path: Path
) -> None:
    images.allow(outside.url)
    film = await beside(images, shelf, tmp_path, POSTER)
    await images.name(film, f"{outside.url}/poster")

    (done,) = await images.work()

    assert done["looked_at"] == 1
    assert outside.paths == []
    assert images.stored == set()


async def beside(images: ImageBench, shelf: Shelf, root: Path, content: bytes) -> UUID:
    """Put a film with a poster beside it on the disk, as a scan records it."""
    from app.ids import uuid7
    from app.library.models import Image, SideFile

    library = await shelf.library(root, name=f"Films {root.name}")
    film = await shelf.item(library, "Film")
    path = root / "poster.jpg"
    path.write_bytes(content)
    status, side_id = path.stat(), uuid7()
    async with images.transactions.begin() as tx:
        tx.session.add(
            SideFile(
                id=side_id,
                folder_id=shelf._folders[library],
                name=b"poster.jpg",
                kind="artwork",
                size=status.st_size,
                mtime_ns=status.st_mtime_ns,
            )
        )
        await tx.session.flush()
        tx.session.add(Image(id=uuid7(), item_id=film, role="poster", source="local", side_file_id=side_id))
    await images.announce(film)
    return film


async def test_a_bad_picture_beside_the_media_gives_way_to_one_from_elsewhere(
    images: ImageBench, outside: Outside, shelf: Shelf, tmp_path: Path
) -> None:
    images.allow(outside.url)
    outside.answers["/poster"] = Reply(body=POSTER)
    film = await beside(images, shelf, tmp_path, POSTER[:2_000])
    await images.name(film, f"{outside.url}/poster")

    (done,) = await images.work()

    assert (done["problems"], done["fetched"]) == (1, 1)
    (image,) = (await Catalog(images.transactions).item(LOCAL_ADMINISTRATOR, film)).images
    assert image.source == "remote"


async def test_a_disk_that_is_away_is_waited_for(images: ImageBench, shelf: Shelf, tmp_path: Path) -> None:
    images.allow()
    root = tmp_path / "disk"
    root.mkdir()
    await beside(images, shelf, root, POSTER)
    (job,) = await images.claim()
    (root / "poster.jpg").rename(tmp_path / "kept")

    with pytest.raises(JobSnooze):
        await images.worker.work(job)
    (tmp_path / "kept").rename(root / "poster.jpg")
    await images.worker.work(job)

    (row,) = await images.rows()
    assert row["placeholder"] is not None


async def test_a_file_that_is_gone_or_has_changed_waits_for_a_scan(
    images: ImageBench, shelf: Shelf, tmp_path: Path
) -> None:
    images.allow()
    await beside(images, shelf, tmp_path, POSTER)
    (tmp_path / "poster.jpg").write_bytes(OTHER)

    (done,) = await images.work()

    (row,) = await images.rows()
    assert done["looked_at"] == 0
    assert (row["looked_at"], row["problem"]) == (None, None)


PERMANENT: dict[str, Reply] = {
    "gone": Reply(404),
    "forbidden": Reply(403),
    "html": Reply(body=b"<html><script>alert(1)</script></html>", headers={"Content-Type": "image/jpeg"}),
    "svg": Reply(body=b"<svg xmlns='http://www.w3.org/2000/svg'/>", headers={"Content-Type": "image/png"}),
    "nothing": Reply(body=b""),
    "cut off by its maker": Reply(body=POSTER[:2_000]),
    "too many pixels": Reply(body=b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff" + bytes(20)),
    "says it is too large": Reply(body=b"x", headers={"Content-Length": str(2**40)}),
    "to a private address": Reply(302, headers={"Location": "http://169.254.169.254/latest/meta-data/"}),
    "to this machine": Reply(302, headers={"Location": "http://127.0.0.1:1/"}),
    "to a file": Reply(302, headers={"Location": "file:///etc/passwd"}),
}


async def test_what_is_bad_for_good_is_noted_and_the_next_best_is_fetched(
    images: ImageBench, outside: Outside, film: UUID
) -> None:
    for place, reply in enumerate(PERMANENT.values()):
        outside.answers[f"/{place}"] = reply
    outside.answers["/good"] = Reply(body=POSTER)
    await images.name(film, *(f"{outside.url}/{place}" for place in range(len(PERMANENT))), f"{outside.url}/good")

    (done,) = await images.work()
    await images.announce(film)

    rows = await images.rows()
    assert (done["problems"], done["fetched"]) == (len(PERMANENT), 1)
    assert [bool(row["problem"]) for row in rows] == [True] * len(PERMANENT) + [False]
    assert images.stored == {name_of(POSTER)}
    assert len(outside.paths) == len(PERMANENT) + 1
    assert await images.claim() == []


async def test_an_endless_answer_ends(
    images: ImageBench, outside: Outside, film: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MAX_BYTES", 10_000)
    outside.answers["/endless"] = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + bytes(200_000)
    await images.name(film, f"{outside.url}/endless")

    (done,) = await images.work()

    assert done["problems"] == 1
    assert images.stored == set()


async def test_a_server_that_asks_to_wait_is_left_alone_and_the_others_are_asked(
    images: ImageBench, outside: Outside, film: UUID
) -> None:
    outside.answers["/poster"] = outside.answers["/logo"] = Reply(429, headers={"Retry-After": "77"})
    await images.name(film, f"{outside.url}/poster")
    await images.name(film, f"{outside.url}/logo", role="logo")
    (job,) = await images.claim()

    with pytest.raises(JobSnooze) as snoozed:
        await images.worker.work(job)

    assert snoozed.value.duration == timedelta(seconds=77)
    assert len(outside.asked) == 1
    assert all(row["problem"] is None for row in await images.rows())


@pytest.mark.parametrize("reply", [Reply(500), Reply(body=POSTER, cut=100), Reply(wait=asyncio.Event())])
async def test_what_did_not_come_is_tried_again_and_given_up_without_a_lost_job(
    images: ImageBench, outside: Outside, film: UUID, monkeypatch: pytest.MonkeyPatch, reply: Reply
) -> None:
    if reply.wait:
        monkeypatch.setattr(images.outbound, "get", impatient_with(images.outbound, "/poster"))
    outside.answers["/poster"], outside.answers["/logo"] = reply, Reply(body=OTHER)
    await images.name(film, f"{outside.url}/poster")
    await images.name(film, f"{outside.url}/logo", role="logo")
    (job,) = await images.claim()

    with pytest.raises(OutboundFailed):
        await images.worker.work(job)
    assert images.stored == {name_of(OTHER)}  # it held up nobody
    await images.connection.execute("UPDATE river.river_job SET attempt = 5")
    job.row = msgspec.structs.replace(job.row, attempt=5)
    await images.worker.work(job)

    row = await images.driver.job_get_by_id(job.id)
    assert (row.state, row.metadata_value()["output"]["given_up"]) == ("completed", 1)
    await images.announce(film)
    assert len(await images.claim()) == 1  # the next change asks again


def impatient_with(outbound: Outbound | None, path: str) -> Callable[..., Any]:
    """Give what asks of everybody as `outbound` does, and leaves this path no time."""
    assert outbound is not None
    get = outbound.get

    def hastily(url: str, **asked: Any) -> Any:
        return get(url, **(asked | {"timeout": timedelta(seconds=0.3)} if url.endswith(path) else asked))

    return hastily


async def test_killed_anywhere_and_run_again_it_ends_in_the_same_rows(
    images: ImageBench, outside: Outside, film: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It dies after every single step it takes; what was committed stays, and nothing is fetched twice for it."""
    contents = [encoded(quarters((40 + number, 60)), "PNG") for number in range(3)]
    for number, content in enumerate(contents):
        outside.answers[f"/{number}"] = Reply(body=content)
    await images.name(film, *(f"{outside.url}/{number}" for number in range(3)), role="backdrop")
    (job,) = await images.claim()
    begin = images.transactions.begin

    class Killed(BaseException):
        pass

    for allowed in range(1, 20):
        left = allowed

        def dying() -> Any:
            nonlocal left
            if not left:
                raise Killed
            left -= 1
            return begin()

        monkeypatch.setattr(images.transactions, "begin", dying)
        try:
            await images.worker.work(job)
        except Killed:
            continue
        break
    monkeypatch.undo()

    rows = await images.rows()
    assert [row["digest"].hex() for row in rows] == [name_of(content) for content in contents]
    assert images.stored == {name_of(content) for content in contents}
    row = await images.driver.job_get_by_id(job.id)
    assert row.state == "completed"
    assert len(outside.paths) < 3 * allowed


async def test_a_store_that_takes_nothing_is_waited_for(images: ImageBench, outside: Outside, film: UUID) -> None:
    outside.answers["/poster"] = Reply(body=POSTER)
    await images.name(film, f"{outside.url}/poster")
    images.folder.write_bytes(b"a file in the folder's place")
    (job,) = await images.claim()

    with pytest.raises(JobSnooze):
        await images.worker.work(job)
    images.folder.unlink()
    await images.worker.work(job)

    assert images.stored == {name_of(POSTER)}


async def test_what_comes_while_a_job_runs_is_done_by_the_next(
    images: ImageBench, outside: Outside, film: UUID
) -> None:
    async def meanwhile(_: object) -> Reply:
        await images.name(film, f"{outside.url}/logo", role="logo")
        return Reply(body=POSTER)

    outside.answers["/poster"], outside.answers["/logo"] = meanwhile, Reply(body=OTHER)
    await images.name(film, f"{outside.url}/poster")

    await images.work()

    assert images.stored == {name_of(POSTER), name_of(OTHER)}


async def test_private_addresses_are_refused_after_their_names_are_resolved(
    images: ImageBench, outside: Outside, shelf: Shelf
) -> None:
    async def resolve(host: str, _port: int) -> Sequence[str]:
        return {"inside.example": ["10.0.0.7"], "here.example": ["127.0.0.1"]}.get(host, [host])

    images.allow(resolve_name=resolve)
    film = await shelf.item(await shelf.library(), "Film")
    addresses = [
        "http://inside.example/a",
        "http://here.example/b",
        "http://127.0.0.1/c",
        "file:///etc/passwd",
        "gopher:x",
    ]
    await images.name(film, *addresses)

    (done,) = await images.work()

    assert done["problems"] == len(addresses)
    assert outside.asked == []


async def test_songs_pictures_are_their_albums_and_equal_ones_are_looked_at_once(
    images: ImageBench, shelf: Shelf, media: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    from app.ids import uuid7
    from app.library.models import Image

    images.allow()
    library = await shelf.library(tmp_path, name="Music", kind="music")
    album = await shelf.item(library, "Album", kind="album")
    tracks = []
    for number in range(3):
        path = tmp_path / f"{number}.mp3"
        shutil.copy(media.song(), path)
        track = await shelf.item(library, f"Track {number}", kind="track", parent_id=album, number=number)
        tracks.append(track)
        status = path.stat()
        file = await shelf.file(
            library, path.name, item_id=track, kind="audio", size=status.st_size, mtime_ns=status.st_mtime_ns
        )
        async with images.transactions.begin() as tx:
            tx.session.add(Image(id=uuid7(), file_id=file, role="poster", source="embedded", stream_index=1))
    looked: list[int] = []
    real = images.renderer.see

    async def see(file: int) -> Any:
        looked.append(file)
        return await real(file)

    monkeypatch.setattr(images.renderer, "see", see)
    await images.announce(*tracks)

    (done,) = await images.work()

    assert done["looked_at"] == 3
    assert len(looked) == 1
    items = await Catalog(images.transactions).item(LOCAL_ADMINISTRATOR, album)
    assert items.images[0].placeholder is not None


# -- the nightly round


async def test_what_no_item_names_any_more_is_deleted_after_its_grace(
    images: ImageBench, outside: Outside, film: UUID
) -> None:
    outside.answers["/poster"], outside.answers["/logo"] = Reply(body=POSTER), Reply(body=OTHER)
    await images.name(film, f"{outside.url}/poster")
    await images.name(film, f"{outside.url}/logo", role="logo")
    await images.work()
    await images.connection.execute("DELETE FROM image WHERE role = 'logo'")

    assert (await images.sweeper.sweep()).files_deleted == 0
    for path in (images.folder / "images").rglob("*"):
        if path.is_file():
            os.utime(path, (time.time() - GRACE - 60,) * 2)
    assert (await images.sweeper.sweep()).files_deleted == 1

    assert images.stored == {name_of(POSTER)}
    assert (await images.sweeper.sweep()).files_deleted == 0


async def test_what_is_lost_is_fetched_anew_and_a_store_that_is_away_has_lost_nothing(
    images: ImageBench, outside: Outside, film: UUID
) -> None:
    outside.answers["/poster"] = Reply(body=POSTER)
    await images.name(film, f"{outside.url}/poster")
    await images.work()
    folder = images.folder / "images"
    folder.rename(images.folder / "away")
    assert (await images.sweeper.sweep()).pictures_lost == 0
    (images.folder / "away").rename(folder)
    (folder / name_of(POSTER)[:2] / name_of(POSTER)).unlink()

    swept = await images.sweeper.sweep()
    await images.work()

    assert (swept.pictures_lost, swept.items_asked_for) == (1, 1)
    assert images.stored == {name_of(POSTER)}


async def test_a_link_in_the_store_is_not_written_through_nor_followed(
    images: ImageBench, outside: Outside, film: UUID, tmp_path: Path
) -> None:
    outside.answers["/poster"] = Reply(body=POSTER)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = images.folder / "images"
    folder.mkdir(parents=True)
    (folder / name_of(POSTER)[:2]).symlink_to(elsewhere)
    await images.name(film, f"{outside.url}/poster")
    (job,) = await images.claim()

    with pytest.raises(JobSnooze):
        await images.worker.work(job)

    assert list(elsewhere.iterdir()) == []
