"""Pictures of people come with what they made; those of libraries are their items'. Who may not see, sees none."""

from uuid import UUID

import pytest

from app.accounts.viewer import LOCAL_ADMINISTRATOR, Viewer
from app.catalog.beside import Beside
from app.catalog.browse import Catalog
from app.catalog.people import People
from app.errors import InvalidInput, NotFound
from app.ids import uuid7
from app.library.descriptions import Credited, Description
from app.library.errors import LibraryNotFound
from app.library.kinds import FactSource
from app.library.repository import descriptions
from app.library.repository.images import MOST_ACTORS
from tests.fixtures.images import ImageBench
from tests.fixtures.outside import Outside, Reply
from tests.fixtures.pictures import encoded, quarters
from tests.fixtures.shelf import Shelf
from tests.fixtures.web import Web

ME = LOCAL_ADMINISTRATOR
STRANGER = Viewer(name="x", libraries=frozenset())
FACE = encoded(quarters(), "JPEG")


async def credit(images: ImageBench, item: UUID, *people: Credited) -> None:
    async with images.transactions.begin() as tx:
        await descriptions.describe(tx, FactSource.METADATA, {item: Description(credits=people)})
        await images.service.announce_changed(tx, [item])


async def test_faces_are_fetched_once_and_shown_with_what_they_made(
    images: ImageBench, outside: Outside, shelf: Shelf
) -> None:
    images.allow(outside.url)
    library = await shelf.library()
    first, second = [await shelf.item(library, title) for title in ("First", "Second")]
    outside.answers["/ada"] = Reply(body=FACE)
    ada = Credited(name="Ada", role="actor", character="Keeper", ids=(("tmdb", "11"),), thumb_url=f"{outside.url}/ada")
    await credit(images, first, ada, Credited(name="Bo", role="actor"))
    await images.work()
    await credit(images, second, ada, Credited(name="Ada", role="director", ids=(("tmdb", "11"),)))
    await images.work()

    assert outside.paths == ["/ada"]
    item = await Catalog(images.transactions).item(ME, first)
    seen, unseen = item.people
    assert unseen.image is None
    assert seen.image is not None
    assert seen.image.url == f"/api/v1/people/{seen.id}/image?tag={seen.image.tag}"
    assert (seen.image.width, seen.image.height) == (400, 600)
    assert seen.image.placeholder
    people = People(images.transactions, images.store)
    shown = await people.person(ME, seen.id)
    assert (shown.name, shown.roles, shown.item_count, shown.image) == ("Ada", ["actor", "director"], 2, seen.image)
    source = await people.picture(ME, seen.id)
    assert (images.folder / "images" / source.location.path.decode()).read_bytes() == FACE


async def test_only_those_who_are_named_first_are_fetched(images: ImageBench, outside: Outside, shelf: Shelf) -> None:
    images.allow(outside.url)
    outside.otherwise = lambda _asked: Reply(body=FACE)
    film = await shelf.item(await shelf.library(), "Film")
    cast = [Credited(name=f"Actor {n}", role="actor", thumb_url=f"{outside.url}/a{n}") for n in range(MOST_ACTORS + 3)]
    crew = [Credited(name=f"Writer {n}", role="writer", thumb_url=f"{outside.url}/w{n}") for n in range(4)]
    await credit(images, film, *crew, *cast)

    await images.work()

    assert sorted(outside.paths) == sorted([*(f"/a{n}" for n in range(MOST_ACTORS)), "/w0", "/w1"])
    await images.announce(film)
    assert await images.work() == []


async def test_a_face_that_cannot_be_had_is_noted_and_one_that_was_lost_is_fetched_anew(
    images: ImageBench, outside: Outside, shelf: Shelf
) -> None:
    images.allow(outside.url)
    film = await shelf.item(await shelf.library(), "Film")
    outside.answers["/gone"] = Reply(404)
    outside.answers["/ada"] = Reply(body=FACE)
    await credit(
        images,
        film,
        Credited(name="Gone", role="actor", thumb_url=f"{outside.url}/gone"),
        Credited(name="Ada", role="actor", thumb_url=f"{outside.url}/ada"),
    )
    (done,) = await images.work()
    assert (done["fetched"], done["problems"]) == (1, 1)

    for path in (images.folder / "images").rglob("*"):
        if path.is_file():
            path.unlink()
    assert (await images.sweeper.sweep()).pictures_lost == 1
    await images.work()

    assert outside.paths == ["/gone", "/ada", "/ada"]
    assert len(images.stored) == 1


async def test_nobody_sees_the_face_of_whom_they_do_not_see(images: ImageBench, outside: Outside, shelf: Shelf) -> None:
    images.allow(outside.url)
    outside.answers["/ada"] = Reply(body=FACE)
    films, others = await shelf.library(name="Films"), await shelf.library(name="Others")
    film = await shelf.item(films, "Film")
    await credit(images, film, Credited(name="Ada", role="actor", thumb_url=f"{outside.url}/ada"))
    await images.work()
    await images.connection.execute("UPDATE item SET min_age = 16")
    person = (await Catalog(images.transactions).item(ME, film)).people[0].id
    people = People(images.transactions, images.store)
    for viewer in (
        STRANGER,
        Viewer(name="x", libraries=frozenset([others])),
        Viewer(name="x", libraries=None, max_age=12),
    ):
        for ask in (people.person, people.picture):
            with pytest.raises(NotFound):
                await ask(viewer, person)
    assert await people.picture(Viewer(name="x", libraries=frozenset([films])), person)
    with pytest.raises(NotFound):
        await people.person(ME, uuid7())


async def test_a_library_is_shown_by_what_came_last_or_was_chosen(
    images: ImageBench, outside: Outside, shelf: Shelf
) -> None:
    images.allow(outside.url)
    beside = Beside(images.transactions, images.store)
    library, empty = await shelf.library(name="Films"), await shelf.library(name="Empty")
    tags = {}
    for number, title in enumerate(("First", "Second", "Bare")):
        film = await shelf.item(library, title, min_age=16 if title == "Second" else None)
        if title != "Bare":
            outside.answers[f"/{title}"] = Reply(body=encoded(quarters((300 + number, 200)), "PNG"))
            await images.name(film, f"{outside.url}/{title}", role="backdrop")
        tags[title] = film
    await images.work()
    tag_of = {
        title: (await Catalog(images.transactions).item(ME, film)).images[0].tag
        for title, film in tags.items()
        if title != "Bare"
    }

    async def shown(viewer: Viewer = ME) -> str:
        return (await beside.library_picture(viewer, library)).tag

    assert await shown() == tag_of["Second"]
    child = Viewer(name="x", libraries=None, max_age=12)
    assert await shown(child) == tag_of["First"]
    for chosen, seen in (("First", "First"), ("Second", "Second"), ("Bare", "Second"), (None, "Second")):
        async with images.transactions.begin() as tx:
            await beside.choose_picture(tx, library, None if chosen is None else tags[chosen])
        assert await shown() == tag_of[seen], chosen
        assert await shown(child) == tag_of["First"], chosen
    with pytest.raises(LibraryNotFound):
        await shown(STRANGER)
    with pytest.raises(NotFound):
        await beside.library_picture(ME, empty)
    with pytest.raises(InvalidInput):
        async with images.transactions.begin() as tx:
            await beside.choose_picture(tx, empty, tags["First"])
    with pytest.raises(LibraryNotFound):
        async with images.transactions.begin() as tx:
            await beside.choose_picture(tx, uuid7(), None)


async def test_the_routes_send_them(web: Web, shelf: Shelf) -> None:
    library = await shelf.library()
    film = await shelf.item(library, "Film")
    assert (await web.http.get(f"/api/v1/libraries/{library}/image")).status_code == 404
    assert (await web.http.put(f"/api/v1/libraries/{library}/image", json={"item_id": str(film)})).status_code == 204
    wrong = await web.http.put(f"/api/v1/libraries/{library}/image", json={"item_id": str(uuid7())})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "item_id")
    assert (await web.http.get(f"/api/v1/people/{uuid7()}/image")).status_code == 404
    assert (await web.http.get("/api/v1/people/x")).status_code == 400
