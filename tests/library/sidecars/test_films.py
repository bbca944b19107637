"""Films with what people put beside them: scanned, read, and in the tables."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.db.tx import Tx
from app.jobs.errors import JobSnooze
from app.library.jobs import ReadSideFilesArgs
from tests.fixtures.library import LibraryBench
from tests.fixtures.media import Media
from tests.fixtures.tree import WriteTree

NFO = """<?xml version="1.0" encoding="UTF-8"?>
<movie>
  <title>The Lantern Keeper</title><originaltitle>Le gardien</originaltitle><year>1979</year>
  <plot>On a rock in the sea.</plot><tagline>Someone must.</tagline><runtime>117</runtime><mpaa>US:PG-13</mpaa>
  <genre>Drama</genre><genre>Mystery</genre><tag>sea</tag><studio>Rock Pictures</studio><country>France</country>
  <set><name>Lantern Collection</name></set>
  <ratings><rating name="imdb" max="10" default="true"><value>7.3</value><votes>12345</votes></rating></ratings>
  <uniqueid type="tmdb">4711</uniqueid><uniqueid type="imdb" default="true">tt0111222</uniqueid>
  <director>Bo Director</director><actor><name>First</name><role>Keeper</role></actor>
  <thumb aspect="poster">https://images.invalid/poster.jpg</thumb>
</movie>"""

FOLDER = "Lantern (1979)"


@pytest.fixture
def poster(media: Media) -> bytes:
    path = media.make("poster.png", "-f", "lavfi", "-i", "color=c=blue:size=20x30", "-frames:v", "1", "-c:v", "png")
    return path.read_bytes()


async def shelved(library: LibraryBench, root: Path) -> UUID:
    films = await library.add(root)
    await library.scan(films)
    await library.read_side_files()
    return films


async def told(library: LibraryBench) -> list[tuple[object, ...]]:
    rows = await library.rows(
        "SELECT item.title, item.title_source, item.year, text.plot FROM item"
        " LEFT JOIN item_text text ON text.item_id = item.id ORDER BY item.title"
    )
    return [tuple(row.values()) for row in rows]


async def pictures(library: LibraryBench) -> list[tuple[object, ...]]:
    rows = await library.rows(
        "SELECT item.title, image.role, convert_from(side_file.name, 'UTF8') AS name, image.width, image.height"
        " FROM image JOIN item ON item.id = image.item_id JOIN side_file ON side_file.id = image.side_file_id"
        " ORDER BY item.title, image.role, image.position"
    )
    return [tuple(row.values()) for row in rows]


async def test_an_nfo_says_what_a_film_is(library: LibraryBench, tree: WriteTree) -> None:
    await shelved(library, tree({f"{FOLDER}/Lantern.mkv": "a", f"{FOLDER}/movie.nfo": NFO}))

    (item,) = await library.rows("SELECT * FROM item")
    assert (item["title"], item["original_title"], item["year"]) == ("The Lantern Keeper", "Le gardien", 1979)
    (text,) = await library.rows("SELECT source, language, title, plot, tagline FROM item_text")
    assert tuple(text.values()) == ("nfo", "und", "The Lantern Keeper", "On a rock in the sea.", "Someone must.")
    labels = await library.rows(
        "SELECT label.kind, label.name FROM item_label JOIN label ON label.id = label_id ORDER BY position"
    )
    assert [tuple(row.values()) for row in labels] == [
        ("genre", "Drama"),
        ("genre", "Mystery"),
        ("tag", "sea"),
        ("studio", "Rock Pictures"),
        ("country", "France"),
    ]
    people = await library.rows(
        "SELECT person.name, role, character, person.key FROM credit JOIN person ON person.id = person_id"
        " ORDER BY position"
    )
    assert [tuple(row.values()) for row in people] == [
        ("First", "actor", "Keeper", "name:first"),
        ("Bo Director", "director", None, "name:bo director"),
    ]
    ids = await library.rows("SELECT provider, value, source FROM external_id ORDER BY provider")
    assert [tuple(row.values()) for row in ids] == [("imdb", "tt0111222", "nfo"), ("tmdb", "4711", "nfo")]
    (rating,) = await library.rows("SELECT name, value, scale, votes, is_default FROM rating")
    assert tuple(rating.values()) == ("imdb", 7.3, 10.0, 12345, True)
    (certification,) = await library.rows("SELECT country, value FROM certification")
    assert tuple(certification.values()) == ("US", "PG-13")
    assert item["min_age"] == 13
    (collection,) = await library.rows("SELECT name FROM collection")
    assert collection["name"] == "Lantern Collection"
    (image,) = await library.rows("SELECT role, source, url, side_file_id FROM image")
    assert tuple(image.values()) == ("poster", "nfo", "https://images.invalid/poster.jpg", None)
    (detail,) = await library.rows("SELECT runtime_minutes FROM item_detail")
    assert detail["runtime_minutes"] == 117
    assert item["id"] in library.listener.changed


async def test_what_is_unchanged_is_not_read_again_and_nothing_is_written(
    library: LibraryBench, tree: WriteTree, poster: bytes
) -> None:
    tree_ = {f"{FOLDER}/Lantern.mkv": "a", f"{FOLDER}/movie.nfo": NFO, f"{FOLDER}/poster.jpg": poster}
    films = await shelved(library, tree(tree_))
    before = await library.raw_rows()
    readings = len(await library.jobs("library.read_side_files"))

    await library.scan(films)
    await library.scan(films, full=True)

    assert await library.raw_rows() == before
    assert len(await library.jobs("library.read_side_files")) == readings == 1


async def test_a_changed_nfo_is_read_once_more(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({f"{FOLDER}/Lantern.mkv": "a", f"{FOLDER}/movie.nfo": NFO})
    films = await shelved(library, root)
    (root / FOLDER / "movie.nfo").write_text("<movie><title>Another Keeper</title><plot>Elsewhere.</plot></movie>")

    await library.scan(films)
    done = await library.read_side_files()

    assert len(done) == 1
    assert await told(library) == [("Another Keeper", "nfo", 1979, "Elsewhere.")]
    assert await library.rows("SELECT FROM credit") == []
    assert await library.rows("SELECT FROM external_id") == []
    assert await library.rows("SELECT FROM side_reading") == []


async def test_when_an_nfo_goes_its_word_goes_with_it(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({f"{FOLDER}/Lantern.mkv": "a", f"{FOLDER}/movie.nfo": NFO})
    films = await shelved(library, root)
    (root / FOLDER / "movie.nfo").unlink()

    await library.scan(films)
    await library.read_side_files()

    assert await told(library) == [("Lantern", "name", 1979, None)]
    assert await library.rows("SELECT FROM side_file") == []
    assert await library.rows("SELECT FROM image") == []


async def test_an_id_in_a_name_is_an_order_that_no_nfo_overrules(library: LibraryBench, tree: WriteTree) -> None:
    await shelved(
        library, tree({"Lantern (1979) {tmdb-99}/Lantern.mkv": "a", "Lantern (1979) {tmdb-99}/movie.nfo": NFO})
    )

    ids = await library.rows("SELECT provider, value, source FROM external_id ORDER BY provider")

    assert [tuple(row.values()) for row in ids] == [("imdb", "tt0111222", "nfo"), ("tmdb", "99", "name")]


async def test_nothing_but_a_link_gives_ids_and_leaves_the_title(library: LibraryBench, tree: WriteTree) -> None:
    await shelved(
        library,
        tree({f"{FOLDER}/Lantern.mkv": "a", f"{FOLDER}/Lantern.nfo": "https://www.imdb.com/title/tt0111222/"}),
    )

    assert await told(library) == [("Lantern", "name", 1979, None)]
    (row,) = await library.rows("SELECT provider, value FROM external_id")
    assert tuple(row.values()) == ("imdb", "tt0111222")


async def test_a_broken_nfo_costs_nothing_but_itself(library: LibraryBench, tree: WriteTree) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><movie><title>&a;</title></movie>'
    await shelved(library, tree({f"{FOLDER}/Lantern.mkv": "a", f"{FOLDER}/movie.nfo": bomb}))

    assert await told(library) == [("Lantern", "name", 1979, None)]
    (side,) = await library.rows("SELECT problem FROM side_file")
    assert "not well-formed" in side["problem"]
    (job,) = await library.jobs("library.read_side_files")
    assert job["state"] == "completed"


async def test_pictures_are_known_by_content_and_come_in_order(
    library: LibraryBench, tree: WriteTree, poster: bytes
) -> None:
    await shelved(
        library,
        tree(
            {
                f"{FOLDER}/Lantern.mkv": "a",
                f"{FOLDER}/folder.jpg": poster,
                f"{FOLDER}/poster.jpg": poster,
                f"{FOLDER}/fanart.jpg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
                f"{FOLDER}/extrafanart/fanart1.jpg": poster,
                f"{FOLDER}/holiday.jpg": poster,
            }
        ),
    )

    assert await pictures(library) == [
        ("Lantern", "backdrop", "fanart1.jpg", 20, 30),
        ("Lantern", "poster", "poster.jpg", 20, 30),
        ("Lantern", "poster", "folder.jpg", 20, 30),
    ]
    (svg,) = await library.rows("SELECT problem, media_type FROM side_file WHERE name = 'fanart.jpg'")
    assert tuple(svg.values()) == ("not a picture that is shown", None)


async def test_a_picture_that_is_replaced_is_looked_at_again(
    library: LibraryBench, tree: WriteTree, poster: bytes, media: Media
) -> None:
    root = tree({f"{FOLDER}/Lantern.mkv": "a", f"{FOLDER}/poster.jpg": poster})
    films = await shelved(library, root)
    other = media.make("p.png", "-f", "lavfi", "-i", "color=c=red:size=40x60", "-frames:v", "1", "-c:v", "png")
    (root / FOLDER / "poster.jpg").write_bytes(other.read_bytes())

    await library.scan(films)
    await library.read_side_files()

    assert await pictures(library) == [("Lantern", "poster", "poster.jpg", 40, 60)]


async def test_a_film_that_comes_to_a_shelf_takes_its_poster_from_nobody(
    library: LibraryBench, tree: WriteTree, poster: bytes
) -> None:
    """One film and a poster are a film's folder; with a second film the poster is nobody's."""
    root = tree({"Shelf/Alien (1979).mkv": "a", "Shelf/poster.jpg": poster, "Shelf/movie.nfo": NFO})
    films = await shelved(library, root)
    assert await pictures(library) == [("The Lantern Keeper", "poster", "poster.jpg", 20, 30)]
    (root / "Shelf" / "Heat (1995).mkv").write_text("b")

    await library.scan(films)
    await library.read_side_files()

    assert await pictures(library) == []
    assert await told(library) == [("Alien", "name", 1979, None), ("Heat", "name", 1995, None)]


async def test_subtitles_know_their_film_and_their_language(library: LibraryBench, tree: WriteTree) -> None:
    await shelved(
        library,
        tree(
            {
                f"{FOLDER}/Lantern.mkv": "a",
                f"{FOLDER}/Lantern.en.forced.srt": "1",
                f"{FOLDER}/Subs/German.srt": "2",
                f"{FOLDER}/readme.txt": "no subtitle",
            }
        ),
    )

    rows = await library.rows(
        "SELECT convert_from(side_file.name, 'UTF8') AS name, language, flags, file_id IS NOT NULL AS has_file"
        " FROM side_file ORDER BY name"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("German.srt", "de", [], True),
        ("Lantern.en.forced.srt", "en", ["forced"], True),
    ]


async def test_subtitles_and_their_film_may_come_from_different_systems(library: LibraryBench, tree: WriteTree) -> None:
    names = ["Amélie.mkv".encode("latin-1"), "Ame\u0301lie.fr.srt".encode(), "Amélie.de.srt".encode()]

    await shelved(library, tree({**{b"Shelf/" + name: "x" for name in names}, "Shelf/Other.mkv": "y"}))

    rows = await library.rows(
        "SELECT item.title, side_file.language FROM side_file JOIN item_file USING (file_id)"
        " JOIN item ON item.id = item_id ORDER BY language"
    )
    assert [tuple(row.values()) for row in rows] == [("Amélie", "de"), ("Amélie", "fr")]


async def test_a_film_that_moves_leaves_its_subtitles_behind(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({"A (1999)/Film.mkv": "a" * 5000, "A (1999)/Film.srt": "1", "B (2000)/Other.mkv": "b"})
    films = await shelved(library, root)
    (root / "C (1999)").mkdir()
    (root / "A (1999)" / "Film.mkv").rename(root / "C (1999)" / "Film.mkv")

    await library.scan(films)
    await library.read_side_files()

    (row,) = await library.rows("SELECT file_id FROM side_file")
    assert row["file_id"] is None


async def test_a_request_between_the_look_and_the_end_is_not_lost(
    library: LibraryBench, tree: WriteTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tree({f"{FOLDER}/Lantern.mkv": "a", f"{FOLDER}/movie.nfo": NFO})
    films = await library.add(root)
    await library.scan(films)
    (job,) = await library.claim(ReadSideFilesArgs)
    reader = library.side_file_reader
    finish = reader._finish

    async def change_and_finish(tx: Tx, *rest: Any) -> None:
        monkeypatch.setattr(reader, "_finish", finish)
        (root / FOLDER / "movie.nfo").write_text("<movie><title>Another Keeper</title></movie>")
        await library.scan(films)  # the job runs: it cannot be inserted once more
        await finish(tx, *rest)

    monkeypatch.setattr(reader, "_finish", change_and_finish)
    await library.work(job)
    again = await library.read_side_files()

    assert len(again) == 1
    assert (await told(library))[0][0] == "Another Keeper"
    assert await library.rows("SELECT FROM side_reading") == []


async def test_a_reading_that_was_killed_goes_on_and_ends_in_the_same_rows(
    library: LibraryBench, tree: WriteTree, poster: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tree({f"{FOLDER}/Lantern.mkv": "a", f"{FOLDER}/movie.nfo": NFO, f"{FOLDER}/poster.png": poster})
    films = await library.add(root)
    await library.scan(films)
    (job,) = await library.claim(ReadSideFilesArgs)
    reader = library.side_file_reader

    async def die(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr(reader, "_finish", die)
        await library.work(job)
    await library.abandon_running()
    await library.read_side_files()

    assert await pictures(library) == [("The Lantern Keeper", "poster", "poster.png", 20, 30)]
    assert await library.rows("SELECT FROM side_reading") == []


async def test_a_disk_that_went_away_is_waited_for(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({f"{FOLDER}/Lantern.mkv": "a", f"{FOLDER}/movie.nfo": NFO})
    films = await library.add(root)
    await library.scan(films)
    (job,) = await library.claim(ReadSideFilesArgs)
    away = root.rename(root.with_name("away"))
    root.mkdir()

    with pytest.raises(JobSnooze):
        await library.work(job)

    root.rmdir()
    away.rename(root)
    await library.work(job)
    assert (await told(library))[0][0] == "The Lantern Keeper"


async def test_an_emptied_disk_takes_no_side_file_with_it(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({f"{FOLDER}/Lantern.mkv": "a", f"{FOLDER}/movie.nfo": NFO, "Subs/x.srt": "1"})
    films = await shelved(library, root)
    before = await library.rows("SELECT id FROM side_file ORDER BY id")
    away = root.rename(root.with_name("away"))
    root.mkdir()

    result = await library.scan(films)

    assert result["outcome"] == "offline"
    assert await library.rows("SELECT id FROM side_file ORDER BY id") == before
    root.rmdir()
    away.rename(root)


async def test_links_that_lead_out_are_not_followed(library: LibraryBench, tree: WriteTree, tmp_path: Path) -> None:
    secret = tmp_path / "secret.nfo"
    secret.write_text(NFO)
    root = tree({f"{FOLDER}/Lantern.mkv": "a", f"{FOLDER}/movie.nfo": "<movie><title>Mine</title></movie>"})
    films = await library.add(root)
    await library.scan(films)
    (root / FOLDER / "movie.nfo").unlink()
    (root / FOLDER / "movie.nfo").symlink_to(secret)  # swapped between the scan and the look

    await library.read_side_files()

    assert await told(library) == [("Lantern", "name", 1979, None)]
    (side,) = await library.rows("SELECT problem FROM side_file")
    assert side["problem"] == "outside_root"


async def test_films_of_the_same_people_are_read_at_once(library: LibraryBench, tree: WriteTree) -> None:
    """Both name the same people, in other orders: whoever is second waits, and neither is a victim."""
    names = [f"Actor {number}" for number in range(40)]
    files = {}
    for film in range(8):
        actors = names[film:] + names[:film] if film % 2 else list(reversed(names))
        billing = "".join(f"<actor><name>{name}</name></actor>" for name in actors)
        genres = "".join(f"<genre>G{(film * 7 + number) % 9}</genre>" for number in range(9))
        files[f"Film {film} (2000)/Film {film}.mkv"] = "a"
        files[f"Film {film} (2000)/movie.nfo"] = f"<movie><title>T{film}</title>{genres}{billing}</movie>"
    await library.scan(await library.add(tree(files)))
    jobs = await library.claim(ReadSideFilesArgs)

    rows = await asyncio.gather(*(library.work(job) for job in jobs))

    assert len(rows) == 8
    (counts,) = await library.rows(
        "SELECT (SELECT count(*) FROM person) AS people, (SELECT count(*) FROM credit) AS parts"
    )
    assert tuple(counts.values()) == (40, 320)


async def test_a_folder_of_many_nfo_is_read_in_batches(
    library: LibraryBench, tree: WriteTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.library.sidecars.reader.BATCH", 3)
    files = {}
    for film in range(10):
        files[f"Film {film} (2000).mkv"] = "a"
        files[f"Film {film} (2000).nfo"] = f"<movie><title>T{film}</title></movie>"
    await library.scan(await library.add(tree(files)))

    done = await library.read_side_files()

    assert len(done) == 1
    assert [row[0] for row in await told(library)] == [f"T{film}" for film in range(10)]
