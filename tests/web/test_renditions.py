"""Pictures made to measure, over HTTP: negotiated, kept, shared while they are made, and no way to make us pay more."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.accounts.roles import Role
from app.db.tx import Transactions
from app.ids import uuid7
from app.library.artwork.rendering.renderer import Renderer
from app.library.artwork.rendering.wish import STEPS
from app.library.models import Image, SideFile
from tests.fixtures.accounts import Accounts
from tests.fixtures.media import Media
from tests.fixtures.pictures import decoded, encoded, quarters
from tests.fixtures.shelf import Shelf
from tests.fixtures.web import Films, Web


class Wall:
    """Pictures of films, recorded as a scan records them."""

    def __init__(self, films: Films, transactions: Transactions) -> None:
        self.films = films
        self._transactions = transactions

    async def hang(self, content: bytes, *, role: str = "poster", item_id: UUID | None = None) -> str:
        """Put a picture beside a film; return where it is served."""
        item_id = item_id or await self.films.shelf.item(self.films.library_id, "Film")
        name = f"{uuid7()}.jpg"
        path = self.films.root / name
        path.write_bytes(content)
        status = path.stat()
        async with self._transactions.begin() as tx:
            side_id = uuid7()
            tx.session.add(
                SideFile(
                    id=side_id,
                    folder_id=self.films.shelf._folders[self.films.library_id],
                    name=name.encode(),
                    kind="artwork",
                    size=status.st_size,
                    mtime_ns=status.st_mtime_ns,
                )
            )
            await tx.session.flush()
            tx.session.add(Image(id=uuid7(), item_id=item_id, role=role, source="local", side_file_id=side_id))
        return f"/api/v1/items/{item_id}/images/{role}"

    @property
    def files(self) -> list[Path]:
        return [path for path in self.films.root.iterdir() if path.suffix == ".jpg"]


@pytest.fixture
def wall(films: Films, transactions: Transactions) -> Wall:
    return Wall(films, transactions)


@pytest.fixture
def renders(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Remember what is really made."""
    asked: list[object] = []
    real = Renderer.render

    async def render(self: Renderer, file: int, wish: object) -> object:
        asked.append(wish)
        return await real(self, file, wish)  # type: ignore[arg-type]

    monkeypatch.setattr(Renderer, "render", render)
    return asked


def store(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "data" / "store").rglob("*") if path.is_file()]


async def test_a_picture_comes_in_the_size_and_format_asked_for(web: Web, wall: Wall, renders: list[object]) -> None:
    url = await wall.hang(encoded(quarters(), "PNG"))

    answer = await web.http.get(url, params={"width": 230, "format": "webp", "quality": 90})
    again = await web.http.get(url, params={"width": 240, "format": "webp", "quality": 92})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "private, no-cache"
    assert "Accept" not in answer.headers["vary"].split(", ")
    assert (decoded(answer.content).format, decoded(answer.content).size) == ("WEBP", (240, 360))
    assert (again.content, again.headers["etag"]) == (answer.content, answer.headers["etag"])
    assert len(renders) == 1


async def test_the_format_follows_accept(web: Web, wall: Wall) -> None:
    url = await wall.hang(encoded(quarters(), "PNG"))
    got = {
        accept: await web.http.get(url, params={"width": 100}, headers={"Accept": accept})
        for accept in ("image/avif", "image/webp,*/*", "*/*")
    }

    assert [answer.headers["content-type"] for answer in got.values()] == ["image/avif", "image/webp", "image/jpeg"]
    assert all("Accept" in answer.headers["vary"].split(", ") for answer in got.values())
    assert len({answer.headers["etag"] for answer in got.values()}) == 3


async def test_what_the_client_still_has_is_not_sent_and_not_made(web: Web, wall: Wall, renders: list[object]) -> None:
    url = await wall.hang(encoded(quarters(), "PNG"))
    etag = (await web.http.get(url, params={"width": 100})).headers["etag"]
    renders.clear()

    same = await web.http.get(url, params={"width": 100}, headers={"If-None-Match": etag})
    other = await web.http.get(url, params={"width": 100}, headers={"If-Match": '"another"'})

    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    assert other.status_code == 412
    assert renders == []


async def test_an_address_with_the_tag_is_kept_for_good(web: Web, wall: Wall) -> None:
    url = await wall.hang(encoded(quarters(), "PNG"))
    (image,) = (await web.http.get(url.partition("/images")[0])).json()["images"]
    assert image["url"] == f"{url}?tag={image['tag']}"

    right = [await web.http.get(image["url"] + more) for more in ("", "&width=100")]
    wrong = [await web.http.get(url, params={"tag": "0", **more}) for more in ({}, {"width": 100})]

    assert [answer.headers["cache-control"] for answer in right] == ["private, max-age=31536000, immutable"] * 2
    assert [answer.headers["cache-control"] for answer in wrong] == ["private, no-cache"] * 2
    assert {answer.status_code for answer in (*right, *wrong)} == {200}


async def test_head_says_what_get_sends(web: Web, wall: Wall) -> None:
    url = await wall.hang(encoded(quarters(), "PNG"))
    for params in ({}, {"width": 100}):
        head, get = await web.http.head(url, params=params), await web.http.get(url, params=params)
        assert head.content == b""
        assert {**head.headers, "date": "", "x-request-id": ""} == {**get.headers, "date": "", "x-request-id": ""}


async def test_several_of_a_role_have_addresses_of_their_own(web: Web, wall: Wall) -> None:
    item = await wall.films.shelf.item(wall.films.library_id, "Film")
    sizes = [(400, 600), (200, 300)]
    for size in sizes:
        url = await wall.hang(encoded(quarters(size), "PNG"), role="backdrop", item_id=item)
    shown = (await web.http.get(f"/api/v1/items/{item}")).json()["images"]

    got = [decoded((await web.http.get(image["url"])).content).size for image in shown]
    by_index = [decoded((await web.http.get(url, params={"index": place})).content).size for place in (0, 1)]
    missing = await web.http.get(f"{url}/2")

    assert got == by_index == sizes
    assert [image["url"].partition("?")[0] for image in shown] == [url, f"{url}/1"]
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


async def test_all_who_wait_for_one_rendition_share_its_making(web: Web, wall: Wall, renders: list[object]) -> None:
    url = await wall.hang(encoded(quarters((1200, 1800)), "JPEG"))

    answers = await asyncio.gather(*(web.http.get(url, params={"width": 300 + step}) for step in range(20)))

    assert {(answer.status_code, answer.headers["etag"]) for answer in answers} == {(200, answers[0].headers["etag"])}
    assert len(renders) == 1


async def test_a_rendition_that_is_kept_wakes_no_disk(web: Web, wall: Wall) -> None:
    url = await wall.hang(encoded(quarters(), "PNG"))
    first = await web.http.get(url, params={"width": 100})
    (file,) = wall.files
    file.unlink()

    assert (await web.http.get(url, params={"width": 100})).content == first.content
    gone = await web.http.get(url, params={"width": 1000})
    assert (gone.status_code, gone.json()["code"]) in {(404, "file_missing"), (503, "disk_unavailable")}


async def test_a_file_that_has_changed_unseen_is_shown_and_not_kept(web: Web, wall: Wall, tmp_path: Path) -> None:
    url = await wall.hang(encoded(quarters(), "PNG"))
    (file,) = wall.files
    file.write_bytes(encoded(quarters((90, 30)), "PNG"))

    answer = await web.http.get(url, params={"width": 100})

    assert decoded(answer.content).size == (90, 30)
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers
    assert store(tmp_path) == []


async def test_a_full_disk_costs_nobody_a_picture(web: Web, wall: Wall, tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(b"a file stands where the folder should be")
    url = await wall.hang(encoded(quarters(), "PNG"))

    answers = [await web.http.get(url, params={"width": 100}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]


BAD = {
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "html": b"<html><script>alert(1)</script></html>",
    "cut off": encoded(quarters(), "JPEG")[:2_000],
    "nothing": b"",
}


async def test_what_is_no_picture_is_a_problem_and_is_tried_once(
    web: Web, wall: Wall, renders: list[object], tmp_path: Path
) -> None:
    for content in BAD.values():
        url = await wall.hang(content)
        answers = [await web.http.get(url, params={"width": width}) for width in (100, 300, 1000)]
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "picture_unreadable")}

    assert len(renders) == len(BAD)
    assert store(tmp_path) == []


async def test_a_picture_that_kills_its_renderer_costs_itself_alone(
    web: Web, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = await wall.hang(encoded(quarters(), "PNG")), await wall.hang(b"crash".ljust(64, b"\0"))
    monkeypatch.setattr("app.library.artwork.rendering.renderer.MODULE", "tests.fixtures.hostile_renderer")

    first = await web.http.get(bad, params={"width": 100})
    answers = [await web.http.get(good, params={"width": width}) for width in (100, 200, 300)]

    assert (first.status_code, first.json()["code"]) == (404, "picture_unreadable")
    assert {answer.status_code for answer in answers} == {200}


SENSELESS: list[tuple[dict[str, Any], str]] = [
    ({"width": 0}, "width"),
    ({"width": -1}, "width"),
    ({"width": 99_999_999_999}, "width"),
    ({"height": 4_097}, "height"),
    ({"width": "1e3"}, "width"),
    ({"quality": 0}, "quality"),
    ({"quality": 101}, "quality"),
    ({"format": "svg"}, "format"),
    ({"format": "../../etc/passwd"}, "format"),
    ({"fit": "stretch"}, "fit"),
    ({"index": -1}, "index"),
    ({"tag": "x" * 65}, "tag"),
    ({"colour": "red"}, "colour"),
]


async def test_what_makes_no_sense_names_its_field(web: Web, wall: Wall) -> None:
    url = await wall.hang(encoded(quarters(), "PNG"))
    for params, field in SENSELESS:
        answer = await web.http.get(url, params=params)
        assert (answer.status_code, answer.json()["field"]) == (400, field), params


async def test_no_role_and_no_index_leads_anywhere_else(web: Web, wall: Wall) -> None:
    url = await wall.hang(encoded(quarters(), "PNG"))
    for path in (
        "%2e%2e%2f%2e%2e",
        "..%2fposter",
        "poster/..%2f..%2f",
        "poster/-1",
        "poster/99999",
        "nfo",
        "poster%00",
    ):
        answer = await web.http.get(f"{url.rpartition('/')[0]}/{path}", params={"width": 100})
        assert answer.status_code in {400, 404}, path


async def test_one_who_asks_for_every_size_gets_a_few(
    web: Web, wall: Wall, renders: list[object], tmp_path: Path
) -> None:
    url = await wall.hang(encoded(quarters((4_000, 40)), "JPEG"))
    for start in range(1, 4_096, 39):
        answer = await web.http.get(url, params={"width": start, "quality": start % 3 + 79, "format": "jpeg"})
        assert answer.status_code == 200

    assert len(renders) == len(store(tmp_path)) == len(STEPS)


async def test_a_picture_is_for_those_who_may_see_its_item(
    web: Web, wall: Wall, accounts: Accounts, tmp_path: Path
) -> None:
    """Also one that has been made for somebody else, and also by one who knows its tag."""
    url = await wall.hang(encoded(quarters(), "PNG"))
    (image,) = (await web.http.get(url.partition("/images")[0])).json()["images"]
    await web.http.get(image["url"], params={"width": 100})
    await accounts.make("Ada", Role.ADMINISTRATOR)
    await accounts.make("Bob", libraries=[])
    for name, status in (("Ada", 200), ("Bob", 404)):
        token = (await accounts.log_in(name)).access_token
        for address in (url, image["url"], f"{image['url']}&width=100", f"{url}/0?width=100"):
            answer = await web.http.get(address, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == status, (name, address)


async def test_an_item_without_a_picture_is_shown_by_what_it_belongs_to(web: Web, wall: Wall, shelf: Shelf) -> None:
    library = wall.films.library_id
    series = await shelf.item(library, "Series", kind="series")
    season = await shelf.item(library, "Season", kind="season", parent_id=series, number=1)
    episode = await shelf.item(library, "Episode", kind="episode", parent_id=season, number=1)
    address = f"/api/v1/items/{episode}/images/poster"
    assert (await web.http.get(address)).status_code == 404

    sizes = {series: (90, 60), season: (60, 90), episode: (70, 70)}
    for item, size in sizes.items():
        await wall.hang(encoded(quarters(size), "PNG"), item_id=item)
        assert decoded((await web.http.get(address)).content).size == size
    assert (await web.http.get(f"{address}/1")).status_code == 404
    assert (await web.http.get(f"/api/v1/items/{episode}/images/logo")).status_code == 404


async def test_a_link_in_the_place_of_a_picture_is_not_followed(web: Web, wall: Wall, tmp_path: Path) -> None:
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(encoded(quarters(), "PNG"))
    url = await wall.hang(encoded(quarters(), "PNG"))
    (file,) = wall.files
    file.unlink()
    file.symlink_to(secret)

    answer = await web.http.get(url, params={"width": 100})

    assert (answer.status_code, answer.json()["code"]) == (403, "outside_root")


async def test_a_picture_inside_a_song_is_made_to_measure(web: Web, shelf: Shelf, media: Media) -> None:
    song = media.song()
    library = await shelf.library(song.parent, name="Music", kind="music")
    item = await shelf.item(library, "Song", kind="track")
    status = song.stat()
    file = await shelf.file(
        library, song.name, item_id=item, kind="audio", size=status.st_size, mtime_ns=status.st_mtime_ns
    )
    async with shelf.transactions.begin() as tx:
        tx.session.add(Image(id=uuid7(), file_id=file, role="poster", source="embedded", stream_index=1))

    whole = await web.http.get(f"/api/v1/items/{item}/images/poster")
    small = await web.http.get(f"/api/v1/items/{item}/images/poster", params={"height": 48})

    assert (whole.status_code, small.status_code) == (200, 200)
    assert decoded(small.content).height <= 48
