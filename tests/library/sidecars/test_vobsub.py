"""A VobSub is one subtitle of two files, with a track for each of its languages."""

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.library.repository import problems
from app.library.sidecars.texts import decode
from app.library.sidecars.vobsub import NO_INDEX, NO_PICTURES, NO_TRACKS, read_index, text_of
from app.playback.streaming import playable
from tests.fixtures.library import LibraryBench
from tests.fixtures.tree import WriteTree
from tests.fixtures.vobsub import vobsub

FOLDER = "Lantern (1979)"
INDEX, PICTURES = vobsub(("en", [(1, 2)]))
BOTH, ALL_PICTURES = vobsub(("en", [(1, 2)]), ("de", [(1, 2), (3, 4)]), ("fr", []))


async def shelved(library: LibraryBench, root: Path) -> UUID:
    films = await library.add(root)
    await looked(library, films)
    return films


async def looked(library: LibraryBench, films: UUID) -> None:
    await library.scan(films)
    await library.read_side_files()


async def listed(library: LibraryBench) -> list[tuple[str, str | None, str | None]]:
    """Return format, language and title of what can be chosen beside the only film, as players number it."""
    (film,) = await library.rows("SELECT id FROM file WHERE name LIKE '%%.mkv'::bytea")
    async with library.transactions.begin() as tx:
        known = await playable.known_file(tx, film["id"])
    assert known is not None
    assert [one.place for one in known.source.beside] == list(range(len(known.source.beside)))
    return [(one.format, one.language, one.title) for one in known.source.beside]


async def troubles(library: LibraryBench) -> dict[str, str]:
    async with library.transactions.begin() as tx:
        return {one.path.rpartition("/")[2]: one.problem for one in await problems.find(tx, None, None, 100)}


def beside(files: Mapping[str, bytes | str]) -> dict[str | bytes, bytes | str]:
    return {f"{FOLDER}/Lantern.mkv": "a"} | {f"{FOLDER}/{name}": content for name, content in files.items()}


@pytest.mark.parametrize("names", [("Lantern.en.idx", "Lantern.en.sub"), ("LANTERN.EN.IDX", "Lantern.en.Sub")])
async def test_two_files_are_one_subtitle(library: LibraryBench, tree: WriteTree, names: tuple[str, str]) -> None:
    films = await shelved(library, tree(beside({names[0]: INDEX, names[1]: PICTURES})))

    assert await listed(library) == [("vobsub", "en", None)]
    assert await troubles(library) == {}
    before = await library.raw_rows()
    await library.scan(films, full=True)
    assert await library.read_side_files() == []
    assert await library.raw_rows() == before


async def test_each_language_of_an_index_is_a_track(library: LibraryBench, tree: WriteTree) -> None:
    """One that shows nothing is none. The others keep their numbers beside whatever lies there too."""
    index = BOTH.replace(b"id: de, index: 1", b"id: de, index: 1\r\nalt: Kommentar")
    files = {"Lantern.idx": index, "Lantern.sub": ALL_PICTURES, "Lantern.ar.srt": "1", "Lantern.zh.srt": "2"}

    await shelved(library, tree(beside(files)))

    assert await listed(library) == [
        ("srt", "ar", None),
        ("vobsub", "en", None),
        ("vobsub", "de", "Kommentar"),
        ("srt", "zh", None),
    ]


async def test_a_name_says_the_language_of_an_only_track(library: LibraryBench, tree: WriteTree) -> None:
    files = {"Lantern.pt.forced.idx": INDEX, "Lantern.pt.forced.sub": PICTURES}

    await shelved(library, tree(beside(files)))

    assert await listed(library) == [("vobsub", "pt", None)]
    (row,) = await library.rows("SELECT flags FROM side_file WHERE file_id IS NOT NULL")
    assert row["flags"] == ["forced"]


async def test_a_sub_alone_is_text_or_says_that_its_index_is_missing(library: LibraryBench, tree: WriteTree) -> None:
    await shelved(library, tree(beside({"Lantern.de.sub": "{1}{25}Hallo", "Lantern.en.sub": PICTURES})))

    assert await listed(library) == [("sub", "de", None)]
    assert await troubles(library) == {"Lantern.en.sub": NO_INDEX}


async def test_halves_find_and_lose_each_other(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(beside({"Lantern.en.idx": INDEX}))
    films = await shelved(library, root)
    assert (await listed(library), await troubles(library)) == ([], {"Lantern.en.idx": NO_PICTURES})

    tree(beside({"Lantern.en.sub": PICTURES}))
    await looked(library, films)
    assert (await listed(library), await troubles(library)) == ([("vobsub", "en", None)], {})

    (root / FOLDER / "Lantern.en.idx").unlink()
    await looked(library, films)
    assert (await listed(library), await troubles(library)) == ([], {"Lantern.en.sub": NO_INDEX})

    tree(beside({"Lantern.en.idx": INDEX}))
    await looked(library, films)
    assert (await listed(library), await troubles(library)) == ([("vobsub", "en", None)], {})

    (root / FOLDER / "Lantern.en.sub").unlink()
    await looked(library, films)
    assert (await listed(library), await troubles(library)) == ([], {"Lantern.en.idx": NO_PICTURES})


async def test_an_index_that_changes_is_read_again(library: LibraryBench, tree: WriteTree) -> None:
    films = await shelved(library, tree(beside({"Lantern.idx": INDEX, "Lantern.sub": PICTURES})))

    tree(beside({"Lantern.idx": BOTH, "Lantern.sub": ALL_PICTURES}))
    await looked(library, films)
    assert [language for _, language, _ in await listed(library)] == ["en", "de"]

    tree(beside({"Lantern.idx": "nothing of it", "Lantern.sub": ALL_PICTURES}))
    await looked(library, films)
    assert (await listed(library), await troubles(library)) == ([], {"Lantern.idx": NO_TRACKS})


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_an_index_says_what_its_tracks_are(encoding: str) -> None:
    index = read_index(decode(BOTH.decode().encode(encoding)))

    assert [(one.number, one.language, len(one.lines)) for one in index.tracks] == [(0, "en", 1), (1, "de", 2)]
    (again,) = read_index(text_of(index, 1)).tracks
    assert (again.number, again.lines) == (1, index.tracks[1].lines)
    assert "palette: 000000, ffffff" in text_of(index, 1)


def test_odd_indexes() -> None:
    many = "".join(f"id: en, index: {n}\ntimestamp: 00:00:01:000, filepos: 0\n" for n in range(100))
    apart = "id: en, index: 0\ntimestamp: 00:00:01:000, filepos: 0\n" * 2
    strange = "id: --, index: 0\nalt: \x1b[31mred\ntimestamp: 00:00:01:000, filepos: 0\ntimestamp: ../../etc/passwd\n"

    assert len(read_index(many).tracks) == 32
    assert [len(one.lines) for one in read_index(apart).tracks] == [2]
    (track,) = read_index(strange).tracks
    assert (track.language, track.title, len(track.lines)) == (None, "[31mred", 1)
    assert read_index("timestamp: 00:00:01:000, filepos: 0").tracks == []


@settings(deadline=None)
@given(st.text() | st.lists(st.sampled_from(["id:", "id: en, index: 1\n", "timestamp:", "alt: x\n", "\n", "size: 1x1\n",
       "timestamp: 00:00:01:000, filepos: 0\n", "delay: -00:00:01:000\n", "\0", ","])).map("".join))  # fmt: skip
def test_every_index_has_a_reading(text: str) -> None:
    index = read_index(text)

    for place, track in enumerate(index.tracks):
        (again,) = read_index(text_of(index, place)).tracks
        assert (again.number, again.lines) == (track.number, track.lines)
