"""Pictures, subtitles and lyrics over HTTP: the right bytes, of a type we chose, and nothing that is not ours."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from app.accounts.viewer import Viewer
from app.catalog.beside import Beside
from app.catalog.browse import ItemNotFound
from app.config import Settings
from app.db.tx import Transactions
from app.errors import InvalidInput
from app.ids import uuid7
from app.library.artwork.store import ImageStore
from app.library.errors import FileNotFound
from app.library.models import Image, SideFile
from app.library.sidecars.vobsub import PICTURES_BEGIN
from tests.fixtures.media import Media
from tests.fixtures.shelf import Shelf
from tests.fixtures.vobsub import vobsub
from tests.fixtures.web import Films, Web


class Desk:
    """Side files of one library, known to the server as soon as they are written."""

    def __init__(self, films: Films, transactions: Transactions) -> None:
        self.films = films
        self._transactions = transactions

    async def film(self) -> tuple[UUID, UUID]:
        """Make a film of one file; return the item and the file."""
        (self.films.root / "Film.mkv").write_bytes(b"film")
        item = await self.films.shelf.item(self.films.library_id, "Film")
        file = await self.films.shelf.file(self.films.library_id, "Film.mkv", item_id=item)
        return item, file

    async def beside(self, name: str, content: bytes, kind: str, *, file_id: UUID | None = None) -> UUID:
        (self.films.root / name).write_bytes(content)
        side_id = uuid7()
        async with self._transactions.begin() as tx:
            folder = self.films.shelf._folders[self.films.library_id]
            tx.session.add(
                SideFile(
                    id=side_id,
                    folder_id=folder,
                    name=name.encode(),
                    kind=kind,
                    size=len(content),
                    mtime_ns=0,
                    file_id=file_id,
                )
            )
        return side_id

    async def shown(self, item_id: UUID, side_ids: Sequence[UUID], role: str = "poster") -> None:
        async with self._transactions.begin() as tx:
            tx.session.add_all(
                Image(id=uuid7(), item_id=item_id, role=role, source="local", side_file_id=side_id, position=place)
                for place, side_id in enumerate(side_ids)
            )

    async def poster(self, name: str, content: bytes, role: str = "poster") -> str:
        """Put a picture beside a film; return where it is served."""
        item, _ = await self.film()
        await self.shown(item, [await self.beside(name, content, "artwork")], role)
        return f"/api/v1/items/{item}/images/{role}"


@pytest.fixture
def desk(films: Films, transactions: Transactions) -> Desk:
    return Desk(films, transactions)


@pytest.fixture
def png(media: Media) -> bytes:
    path = media.make("poster.png", "-f", "lavfi", "-i", "color=c=blue:size=20x30", "-frames:v", "1", "-c:v", "png")
    return path.read_bytes()


# -- pictures


async def test_a_picture_is_sent_as_what_it_is_whatever_it_is_called(web: Web, desk: Desk, png: bytes) -> None:
    url = await desk.poster("poster.jpg", png)

    answer = await web.http.get(url)

    assert answer.status_code == 200
    assert answer.content == png
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "private, no-cache"


async def test_a_picture_that_has_not_changed_is_not_sent_again(web: Web, desk: Desk, png: bytes) -> None:
    url = await desk.poster("poster.jpg", png)
    etag = (await web.http.get(url)).headers["etag"]

    again = await web.http.get(url, headers={"If-None-Match": etag})
    (desk.films.root / "poster.jpg").write_bytes(png + b"more")
    changed = await web.http.get(url, headers={"If-None-Match": etag})
    other = await web.http.get(url, headers={"If-Match": '"another"'})

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag
    assert other.status_code == 412


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<html><script>alert(1)</script></html>",
        b"",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff" + bytes(20),
    ],
    ids=["svg", "html", "empty", "too many pixels"],
)
async def test_what_is_no_picture_to_show_is_not_sent(web: Web, desk: Desk, content: bytes) -> None:
    answer = await web.http.get(await desk.poster("poster.png", content))

    assert answer.status_code == 404
    assert answer.json()["code"] == "not_shown"
    assert b"alert" not in answer.content


async def test_a_picture_of_too_many_bytes_is_not_sent(web: Web, desk: Desk, png: bytes) -> None:
    url = await desk.poster("poster.png", png)
    with (desk.films.root / "poster.png").open("ab") as file:
        file.truncate(25 * 2**20)

    assert (await web.http.get(url)).status_code == 404


async def test_a_link_out_of_the_library_is_not_followed(web: Web, desk: Desk, png: bytes, tmp_path: Path) -> None:
    url = await desk.poster("poster.png", png)
    secret = tmp_path / "secret.png"
    secret.write_bytes(png)
    (desk.films.root / "poster.png").unlink()
    (desk.films.root / "poster.png").symlink_to(secret)

    answer = await web.http.get(url)

    assert answer.status_code == 403
    assert answer.json()["code"] == "outside_root"


async def test_a_picture_that_is_gone_is_404(web: Web, desk: Desk, png: bytes) -> None:
    url = await desk.poster("poster.png", png)
    (desk.films.root / "poster.png").unlink()

    assert (await web.http.get(url)).json()["code"] == "file_missing"


async def test_the_best_comes_first_and_the_others_by_index(web: Web, desk: Desk, png: bytes) -> None:
    item, _ = await desk.film()
    other = png + b"other"
    sides = [await desk.beside("b.png", png, "artwork"), await desk.beside("a.png", other, "artwork")]
    await desk.shown(item, sides, "backdrop")

    shown = (await web.http.get(f"/api/v1/items/{item}")).json()["images"]
    sent = [(await web.http.get(image["url"])).content for image in shown]

    assert [(image["role"], image["source"]) for image in shown] == [("backdrop", "local")] * 2
    assert shown[1]["url"].partition("?")[0].endswith("/images/backdrop/1")
    assert sent == [png, other]


async def test_no_picture_no_role_no_item(web: Web, desk: Desk) -> None:
    item, _ = await desk.film()

    assert (await web.http.get(f"/api/v1/items/{item}/images/logo")).status_code == 404
    assert (await web.http.get(f"/api/v1/items/{item}/images/..%2F..%2Fetc")).status_code in {404, 422, 400}
    assert (await web.http.get(f"/api/v1/items/{uuid7()}/images/logo")).status_code == 404


async def test_a_picture_inside_a_song_is_taken_out_by_a_prober(
    web: Web, shelf: Shelf, films: Films, transactions: Transactions, media: Media
) -> None:
    (films.root / "song.flac").write_bytes(media.song().read_bytes())
    album = await shelf.item(films.library_id, "Album", kind="album")
    track = await shelf.item(films.library_id, "Song", kind="track", parent_id=album, number=1)
    file = await shelf.file(films.library_id, "song.flac", item_id=track, kind="audio")
    async with transactions.begin() as tx:
        tx.session.add(Image(id=uuid7(), file_id=file, role="poster", source="embedded", stream_index=1))

    of_album = (await web.http.get(f"/api/v1/items/{album}")).json()["images"]
    sent = await web.http.get(of_album[0]["url"])
    of_track = await web.http.get(f"/api/v1/items/{track}/images/poster")

    assert [image["source"] for image in of_album] == ["embedded"]
    assert sent.headers["content-type"] == "image/png"
    assert sent.content == of_track.content
    assert sent.content.startswith(b"\x89PNG")


async def test_a_song_that_holds_no_picture_any_more(
    web: Web, shelf: Shelf, films: Films, transactions: Transactions
) -> None:
    (films.root / "song.flac").write_bytes(b"no song at all")
    track = await shelf.item(films.library_id, "Song", kind="track")
    file = await shelf.file(films.library_id, "song.flac", item_id=track, kind="audio")
    async with transactions.begin() as tx:
        tx.session.add(Image(id=uuid7(), file_id=file, role="poster", source="embedded", stream_index=1))

    assert (await web.http.get(f"/api/v1/items/{track}/images/poster")).json()["code"] == "not_shown"


# -- subtitles and lyrics

LRC = "[00:01.00]Über den Dächern\n[00:03.00]geht die Sonne schön und größer auf\n"
SRT = "1\r\n00:00:01,000 --> 00:00:02,000\r\nÄpfel für Zoë, schön süß und größer\r\n"


async def test_subtitles_are_listed_and_sent_in_utf_8(web: Web, desk: Desk) -> None:
    item, file = await desk.film()
    await desk.beside("Film.de.srt", SRT.encode("cp1252"), "subtitle", file_id=file)

    (listed,) = (await web.http.get(f"/api/v1/files/{file}")).json()["subtitles"]
    in_item = (await web.http.get(f"/api/v1/items/{item}")).json()["files"][0]["subtitles"]
    answer = await web.http.get(listed["url"])

    assert listed == {
        "url": f"/api/v1/files/{file}/subtitles/0", "format": "srt", "language": None, "title": None, "flags": [],
    }  # fmt: skip
    assert in_item == [listed]
    assert answer.headers["content-type"] == "application/x-subrip; charset=utf-8"
    assert answer.content.decode() == SRT.replace("\r\n", "\n")
    unchanged = await web.http.get(listed["url"], headers={"If-None-Match": answer.headers["etag"]})
    assert unchanged.status_code == 304


@pytest.mark.parametrize(
    ("name", "content", "media_type", "sent"),
    [
        ("Film.vtt", b"\xef\xbb\xbfWEBVTT\n", "text/vtt; charset=utf-8", b"WEBVTT\n"),
        ("Film.ass", "[Script Info]\nä".encode("utf-16"), "text/x-ssa; charset=utf-8", "[Script Info]\nä".encode()),
        ("Film.sup", b"PG\0\1\2", "application/octet-stream", b"PG\0\1\2"),
        ("Film.sub", b"{1}{25}Hello", "text/plain; charset=utf-8", b"{1}{25}Hello"),
        ("Film.smi", b"<SAMI><script>x</script>", "text/plain; charset=utf-8", b"<SAMI><script>x</script>"),
        ("Film.ttml", b"<?xml version='1.0'?><tt/>", "text/plain; charset=utf-8", b"<?xml version='1.0'?><tt/>"),
    ],
)
async def test_each_format_is_sent_as_what_harms_nobody(  # noqa: PLR0917  four of them are the case
    web: Web, desk: Desk, name: str, content: bytes, media_type: str, sent: bytes
) -> None:
    _, file = await desk.film()
    await desk.beside(name, content, "subtitle", file_id=file)

    answer = await web.http.get(f"/api/v1/files/{file}/subtitles/0")

    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, media_type, sent)


async def test_both_files_of_a_vobsub_are_sent_and_each_language_is_listed(web: Web, desk: Desk) -> None:
    item, file = await desk.film()
    index, pictures = vobsub(("en", [(1, 2)]), ("de", [(1, 2)]))
    await desk.beside("Film.sub", pictures, "subtitle")
    await desk.beside("Film.idx", index, "subtitle", file_id=file)
    async with desk.films.shelf.transactions.begin() as tx:
        await tx.connection.execute(
            "UPDATE side_file SET tracks = %s,"
            " pictures_id = (SELECT id FROM side_file WHERE convert_from(name, 'UTF8') = 'Film.sub')"
            " WHERE convert_from(name, 'UTF8') = 'Film.idx'",
            [Jsonb([{"language": "en", "title": None}, {"language": "de", "title": "Kommentar"}])],
        )

    listed = (await web.http.get(f"/api/v1/files/{file}")).json()["subtitles"]
    in_item = (await web.http.get(f"/api/v1/items/{item}")).json()["files"][0]["subtitles"]
    text = await web.http.get(listed[1]["url"])
    part = await web.http.get(listed[1]["pictures_url"], headers={"Range": "bytes=0-3"})

    place = f"/api/v1/files/{file}/subtitles"
    common = {"format": "vobsub", "flags": []}
    assert (
        listed
        == in_item
        == [
            {"url": f"{place}/0", "pictures_url": f"{place}/0/pictures", "language": "en", "title": None, **common},
            {
                "url": f"{place}/1",
                "pictures_url": f"{place}/1/pictures",
                "language": "de",
                "title": "Kommentar",
                **common,
            },
        ]
    )
    assert (text.headers["content-type"], text.content) == (
        "text/plain; charset=utf-8", index.replace(b"\r\n", b"\n"),
    )  # fmt: skip
    assert (part.status_code, part.content) == (206, pictures[:4])
    assert part.headers["content-type"] == "application/octet-stream"
    assert (await web.http.get(f"{place}/2/pictures")).status_code == 404


async def test_other_subtitles_have_no_pictures(web: Web, desk: Desk) -> None:
    _, file = await desk.film()
    await desk.beside("Film.srt", b"1", "subtitle", file_id=file)
    await desk.beside("Film.de.sub", PICTURES_BEGIN + b"stream", "subtitle", file_id=file)

    for place in ("0/pictures", "1/pictures", "0"):
        assert (await web.http.get(f"/api/v1/files/{file}/subtitles/{place}")).status_code == 404


async def test_lyrics_are_listed_and_sent(web: Web, desk: Desk) -> None:
    _, file = await desk.film()
    await desk.beside("Film.lrc", LRC.encode("cp1252"), "lyrics", file_id=file)

    (listed,) = (await web.http.get(f"/api/v1/files/{file}")).json()["lyrics"]
    answer = await web.http.get(f"/api/v1/files/{file}/lyrics")

    assert listed["format"] == "lrc"
    assert answer.text == LRC
    assert (await web.http.get(listed["url"])).content == answer.content
    assert (await web.http.get(f"/api/v1/files/{file}/lyrics/1")).status_code == 404


async def test_no_such_subtitles(web: Web, desk: Desk) -> None:
    _, file = await desk.film()

    assert (await web.http.get(f"/api/v1/files/{file}/subtitles/0")).status_code == 404
    assert (await web.http.get(f"/api/v1/files/{file}/subtitles/-1")).status_code == 400
    assert (await web.http.get(f"/api/v1/files/{uuid7()}/subtitles/0")).status_code == 404


async def test_a_text_too_long_is_not_sent(web: Web, desk: Desk) -> None:
    _, file = await desk.film()
    await desk.beside("Film.srt", b"1", "subtitle", file_id=file)
    with (desk.films.root / "Film.srt").open("ab") as text:
        text.truncate(17 * 2**20)

    assert (await web.http.get(f"/api/v1/files/{file}/subtitles/0")).status_code == 404


# -- permission


async def test_what_a_viewer_may_not_see_does_not_exist(desk: Desk, transactions: Transactions, png: bytes) -> None:
    item, file = await desk.film()
    await desk.shown(item, [await desk.beside("poster.png", png, "artwork")])
    await desk.beside("Film.srt", b"1", "subtitle", file_id=file)
    await desk.beside("Film.lrc", b"1", "lyrics", file_id=file)
    beside = Beside(transactions, ImageStore(Settings()))
    stranger = Viewer(name="stranger", libraries=frozenset({uuid7()}))
    guest = Viewer(name="guest", libraries=frozenset({desk.films.library_id}))

    assert (await beside.picture(guest, item, "poster")).location.path == b"poster.png"
    assert (await beside.subtitle(guest, file, 0)).format == "srt"
    with pytest.raises(FileNotFound):
        await beside.pictures(stranger, file, 0)
    with pytest.raises(ItemNotFound):
        await beside.picture(stranger, item, "poster")
    with pytest.raises(FileNotFound):
        await beside.subtitle(stranger, file, 0)
    with pytest.raises(FileNotFound):
        await beside.lyrics(stranger, file, 0)
    with pytest.raises(InvalidInput):
        await beside.picture(guest, item, "secret")
