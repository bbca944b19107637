"""What there is to see: in every order, to the last page, for whoever may."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.viewer import LOCAL_ADMINISTRATOR, Viewer
from app.catalog.browse import MAX_LIMIT, Catalog, ItemNotFound, ItemQuery
from app.catalog.cursor import BadCursor, decode_cursor, encode_cursor
from app.catalog.page_views import ItemPage
from app.catalog.sorting import SORTS
from app.catalog.views import Item
from app.db.tx import Transactions
from app.errors import InvalidInput
from app.ids import uuid7
from app.library.errors import FileNotFound, LibraryNotFound
from tests.fixtures.shelf import Shelf

ADMINISTRATOR = LOCAL_ADMINISTRATOR


@pytest.fixture
def catalog(transactions: Transactions) -> Catalog:
    return Catalog(transactions)


def viewer_of(*libraries: UUID) -> Viewer:
    return Viewer(name="somebody", libraries=frozenset(libraries))


async def every_page(catalog: Catalog, viewer: Viewer, limit: int, **query: Any) -> list[Item]:
    items: list[Item] = []
    cursor = None
    while True:
        page = await catalog.items(viewer, ItemQuery(cursor=cursor, limit=limit, **query))
        assert len(page.items) <= limit
        items += page.items
        if page.next_cursor is None:
            return items
        cursor = page.next_cursor


async def test_an_item_has_its_files_and_their_streams(catalog: Catalog, shelf: Shelf, tmp_path: Path) -> None:
    library_id = await shelf.library(tmp_path)
    item_id = await shelf.item(library_id, "Alien", year=1979)
    await shelf.external_id(item_id, "imdb", "tt0078748")
    trailer = await shelf.file(library_id, "trailer.mkv", item_id=item_id, link={"role": "extra", "position": 1})
    film = await shelf.file(
        library_id,
        "Alien (1979).mkv",
        item_id=item_id,
        size=123,
        container="matroska",
        duration_ms=7_020_000,
        streams=[
            {
                "index": 1,
                "kind": "audio",
                "codec": "aac",
                "channels": 2,
                "language": "eng",
                "dispositions": ["default"],
            },
            {"index": 0, "kind": "video", "codec": "h264", "width": 1920, "height": 1080, "frame_rate": 23.976},
        ],
    )

    page = await catalog.items(ADMINISTRATOR, ItemQuery())

    assert page.next_cursor is None
    [item] = page.items
    assert (item.id, item.kind, item.title, item.year, item.state) == (item_id, "movie", "Alien", 1979, "present")
    assert item.external_ids == {"imdb": "tt0078748"}
    assert [file.id for file in item.files] == [film, trailer]
    first = item.files[0]
    assert (first.path, first.size, first.state) == (f"{tmp_path}/Alien (1979).mkv", 123, "present")
    assert [(stream.index, stream.kind, stream.codec) for stream in first.streams] == [
        (0, "video", "h264"),
        (1, "audio", "aac"),
    ]
    shown = await catalog.item(ADMINISTRATOR, item_id)
    assert {name: getattr(shown, name) for name in item.__struct_fields__} == msgspec.structs.asdict(item)


async def test_what_is_missing_stays_listed(catalog: Catalog, shelf: Shelf, tmp_path: Path) -> None:
    library_id = await shelf.library(tmp_path)
    item_id = await shelf.item(library_id, "Gone", state="missing")
    gone = await shelf.file(library_id, "gone.mkv", item_id=item_id, state="missing")

    [item] = (await catalog.items(ADMINISTRATOR, ItemQuery())).items

    assert item.state == "missing"
    assert [(file.id, file.state) for file in item.files] == [(gone, "missing")]
    assert (await catalog.location(ADMINISTRATOR, gone)).state == "missing"


@pytest.mark.parametrize(
    "sort",
    sorted(
        name for name in SORTS if "number" not in name and not (SORTS[name].is_of_document or SORTS[name].is_of_viewer)
    ),
)
@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_pages_in_every_order_show_each_item_once(catalog: Catalog, shelf: Shelf, sort: str, limit: int) -> None:
    films = await shelf.library(name="Films")
    shows = await shelf.library(name="Shows", kind="tvshows")
    rows = [("B", 1990), ("a", None), ("B", 1990), ("ß", 2001), ("", 0), ("Z", 1990), ("b", None)]
    for title, year in rows:
        await shelf.item(films, title, year=year)
        await shelf.item(shows, title, kind="series", year=year)

    items = await every_page(catalog, ADMINISTRATOR, limit, sort=sort)

    keys = {
        "title": lambda item: (item.sort_title.encode(), item.id),
        "added": lambda item: item.id,
        "year": lambda item: (item.year or 0, item.sort_title.encode(), item.id),
    }
    expected = sorted(items, key=keys[sort.removeprefix("-")], reverse=sort.startswith("-"))
    assert items == expected
    assert len({item.id for item in items}) == len(rows) * 2


async def test_items_that_come_and_go_between_pages_move_nothing_else(catalog: Catalog, shelf: Shelf) -> None:
    library_id = await shelf.library()
    for title in ("b", "d", "f"):
        await shelf.item(library_id, title)
    first = await catalog.items(ADMINISTRATOR, ItemQuery(limit=2))
    for title in ("a", "c", "e"):
        await shelf.item(library_id, title)

    second = await catalog.items(ADMINISTRATOR, ItemQuery(limit=2, cursor=first.next_cursor))

    assert [item.title for item in second.items] == ["e", "f"]


async def test_filters_restrict_together(catalog: Catalog, shelf: Shelf) -> None:
    shows, other = await shelf.library(name="Shows", kind="tvshows"), await shelf.library(name="Other", kind="tvshows")
    series = await shelf.item(shows, "Series", kind="series")
    season = await shelf.item(shows, "Season 1", kind="season", parent_id=series, number=1)
    await shelf.item(other, "Other series", kind="series")
    for number in (10, 2, 1):
        await shelf.item(shows, f"Episode {number}", kind="episode", parent_id=season, number=number)

    async def titles(**query: Any) -> list[str]:
        return [item.title for item in await every_page(catalog, ADMINISTRATOR, 2, **query)]

    assert await titles(kind="series") == ["Other series", "Series"]
    assert await titles(kind="series", library_id=other) == ["Other series"]
    assert await titles(parent_id=season) == ["Episode 1", "Episode 2", "Episode 10"]
    assert await titles(parent_id=season, sort="-number") == ["Episode 10", "Episode 2", "Episode 1"]
    assert await titles(parent_id=season, sort="title") == ["Episode 1", "Episode 10", "Episode 2"]
    assert await titles(parent_id=season, library_id=other) == []
    assert await titles(library_id=shows, kind="movie") == []
    assert await titles(library_id=uuid7()) == []


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("alien", ["Alien", "Aliens"]),
        ("ALI", ["Alien", "Aliens"]),
        ("amélie", ["Amélie"]),
        ("amelie", ["Amélie"]),
        ("fabuleux", ["Amélie"]),
        ("spider-man", ["Spider-Man: No Way Home"]),
        ("way spider", ["Spider-Man: No Way Home"]),
        ("way alien", []),
        ("robot", ["Mr.Robot"]),
        ("schindler's", ["Schindler's List"]),
        ("千と千尋", ["千と千尋の神隠し"]),
        ("2049", ["Blade Runner 2049"]),
        ("'; drop table item; --", []),
        ("& | ! ( ) : * <->", []),
        ("   ", ["*all*"]),
        ("", ["*all*"]),
    ],
)
async def test_every_word_must_begin_a_word_of_a_title(
    catalog: Catalog, shelf: Shelf, q: str, found: list[str]
) -> None:
    library_id = await shelf.library()
    titles = ["Alien", "Aliens", "Spider-Man: No Way Home", "Mr.Robot", "Schindler's List", "千と千尋の神隠し"]
    for title in [*titles, "Blade Runner 2049"]:
        await shelf.item(library_id, title)
    await shelf.item(library_id, "Amélie", sort_title="amelie", original_title="Le Fabuleux Destin d'Amélie Poulain")

    shown = {item.title for item in await every_page(catalog, ADMINISTRATOR, 3, q=q)}

    assert shown == ({*titles, "Blade Runner 2049", "Amélie"} if found == ["*all*"] else set(found))


async def test_who_may_not_see_a_library_sees_nothing_of_it(catalog: Catalog, shelf: Shelf, tmp_path: Path) -> None:
    mine, theirs = await shelf.library(tmp_path / "a", name="A"), await shelf.library(tmp_path / "b", name="B")
    seen = await shelf.item(mine, "Seen")
    hidden = await shelf.item(theirs, "Hidden")
    child = await shelf.item(theirs, "Child", parent_id=hidden)
    hidden_file = await shelf.file(theirs, "hidden.mkv", item_id=hidden)
    seen_file = await shelf.file(mine, "seen.mkv", item_id=seen)

    viewer = viewer_of(mine)

    assert [library.id for library in await catalog.libraries(viewer)] == [mine]
    for query in ({}, {"q": "hid"}, {"parent_id": hidden}, {"library_id": theirs}, {"kind": "movie"}):
        items = await every_page(catalog, viewer, 5, **query)
        assert {item.id for item in items} <= {seen}, query
    for refused in (catalog.item(viewer, hidden), catalog.item(viewer, child)):
        with pytest.raises(ItemNotFound):
            await refused
    for refused_file in (catalog.file(viewer, hidden_file), catalog.location(viewer, hidden_file)):
        with pytest.raises(FileNotFound):
            await refused_file
    with pytest.raises(LibraryNotFound):
        await catalog.library(viewer, theirs)
    assert (await catalog.item(viewer, seen)).files[0].id == seen_file
    assert await catalog.libraries(viewer_of()) == []
    assert (await catalog.items(viewer_of(), ItemQuery())).items == []


async def test_a_file_tells_everything_known_of_it(catalog: Catalog, shelf: Shelf, tmp_path: Path) -> None:
    library_id = await shelf.library(tmp_path)
    item_id = await shelf.item(library_id, "Film")
    file_id = await shelf.file(
        library_id,
        b"caf\xe9.mkv",
        item_id=item_id,
        mtime_ns=1_600_000_000_123_456_789,
        tags={"title": "Film"},
        problem="corrupt",
        problem_detail="ends in the middle",
        streams=[{"index": 0, "kind": "video"}],
    )

    file = await catalog.file(ADMINISTRATOR, file_id)
    location = await catalog.location(ADMINISTRATOR, file_id)

    assert file.item_ids == [item_id]
    assert file.modified_at is not None
    assert file.modified_at.isoformat() == "2020-09-13T12:26:40.123456+00:00"
    assert (file.tags, file.problem, file.problem_detail) == ({"title": "Film"}, "corrupt", "ends in the middle")
    assert [stream.kind for stream in file.streams] == ["video"]
    assert (location.root, location.path) == (bytes(tmp_path), b"caf\xe9.mkv")
    assert (await catalog.library(ADMINISTRATOR, library_id)).paths == [str(tmp_path)]


@pytest.mark.parametrize("mtime_ns", [-(2**63), 2**63 - 1])
async def test_a_time_no_calendar_has_is_left_out_or_shown(
    catalog: Catalog, shelf: Shelf, tmp_path: Path, mtime_ns: int
) -> None:
    file_id = await shelf.file(await shelf.library(tmp_path), "film.mkv", mtime_ns=mtime_ns)

    assert (await catalog.file(ADMINISTRATOR, file_id)).id == file_id


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": MAX_LIMIT + 1}, "limit"),
        ({"kind": "film"}, "kind"),
        ({"sort": "colour"}, "sort"),
        ({"sort": "number"}, "sort"),
        ({"q": "x" * 201}, "q"),
        ({"cursor": ""}, "cursor"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "é"}, "cursor"),
        ({"cursor": "A" * 5000}, "cursor"),
    ],
)
async def test_what_makes_no_sense_names_its_field(catalog: Catalog, query: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await catalog.items(ADMINISTRATOR, ItemQuery(**query))
    assert refused.value.field == field


async def test_a_cursor_belongs_to_its_listing_and_to_no_other(catalog: Catalog, shelf: Shelf) -> None:
    library_id = await shelf.library()
    for title in ("a", "b"):
        await shelf.item(library_id, title)
    cursor = (await catalog.items(ADMINISTRATOR, ItemQuery(limit=1))).next_cursor
    assert cursor is not None

    for other in ({"sort": "-title"}, {"kind": "movie"}, {"library_id": library_id}, {"q": "b"}):
        with pytest.raises(BadCursor):
            await catalog.items(ADMINISTRATOR, ItemQuery(cursor=cursor, **other))
    for place in range(len(cursor)):
        changed = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        with pytest.raises(BadCursor):
            await catalog.items(ADMINISTRATOR, ItemQuery(cursor=changed))


KEYS = tuple[str, UUID]


@given(st.text(max_size=300))
def test_any_text_as_a_cursor_is_refused(text: str) -> None:
    with pytest.raises(BadCursor):
        decode_cursor(["listing"], text, KEYS)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.uuids())
def test_what_was_sealed_comes_back(title: str, item_id: UUID) -> None:
    assert decode_cursor(["listing"], encode_cursor(["listing"], (title, item_id)), KEYS) == (title, item_id)


@pytest.mark.parametrize("keys", [[], ["a"], [1, 2], ["a", "b"], {"a": 1}, ["a\0", str(uuid7())]])
async def test_a_forged_cursor_is_refused_before_the_database_sees_it(catalog: Catalog, keys: Any) -> None:
    forged = encode_cursor(ItemQuery().listing(), keys)

    with pytest.raises(BadCursor):
        await catalog.items(ADMINISTRATOR, ItemQuery(cursor=forged))


@pytest.mark.parametrize("shown", [1, 40])
async def test_a_page_costs_two_statements_however_long_it_is(
    catalog: Catalog, shelf: Shelf, tmp_path: Path, shown: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    library_id = await shelf.library(tmp_path)
    for number in range(shown + 1):
        item_id = await shelf.item(library_id, f"Film {number}")
        for part in range(2):
            await shelf.file(
                library_id, f"{number}-{part}.mkv", item_id=item_id, streams=[{"index": 0, "kind": "video"}]
            )
    statements: list[str] = []
    execute = psycopg.AsyncCursor.execute

    async def counted(self: Any, query: Any, *arguments: Any, **keywords: Any) -> Any:
        if query:  # the pool says nothing to find out whether a connection still lives
            statements.append(str(query))
        return await execute(self, query, *arguments, **keywords)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", counted)
    page: ItemPage = await catalog.items(ADMINISTRATOR, ItemQuery(limit=shown))

    assert len(page.items) == shown
    assert len(statements) == 2, statements


async def test_an_item_is_planned_once_by_each_connection(
    catalog: Catalog, shelf: Shelf, transactions: Transactions
) -> None:
    """PostgreSQL tries five plans of their own first; to plan costs several times what reading an item does."""
    item = await shelf.item(await shelf.library(), "Metropolis")
    for _ in range(8):
        await catalog.item(ADMINISTRATOR, item)
    async with transactions.autocommit() as asked:
        cursor = await asked.connection.execute(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%seen_file%'"
        )
        assert await cursor.fetchall() == [(3, 5)]


async def test_readers_side_by_side_see_the_same(catalog: Catalog, shelf: Shelf) -> None:
    library_id = await shelf.library()
    for number in range(20):
        await shelf.item(library_id, f"Film {number:02}")

    pages = await asyncio.gather(*(every_page(catalog, ADMINISTRATOR, 7) for _ in range(8)))

    assert all(page == pages[0] for page in pages)
