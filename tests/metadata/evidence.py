"""What metadata does, told rather than asserted: `make evidence` prints it as Markdown.

Servers of providers are built from documented shapes (tests/fixtures/providers.py), asked over real HTTP; the nodes are
processes of their own on a real PostgreSQL. Not collected with the tests: it takes half a minute, and says what they
hold. Figures of searches and pictures are `python -m bench.search --plans` and `python -m bench.images`.
"""

import asyncio
import itertools
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.metadata.asking import Asking
from app.metadata.errors import NotKnown, SourceFailed, SourceWaits
from app.metadata.terms import Terms
from tests.fixtures.media import Media
from tests.fixtures.node import ROOT, Node, NodeFactory
from tests.fixtures.outside import Asked, Outside, Reply
from tests.fixtures.providers import ARTIST, RELEASE, Providers, artist, film, release, show
from tests.fixtures.tree import WriteTree
from tests.fixtures.waiting import eventually
from tests.library.scan.test_music import Songs
from tests.metadata.matching.test_corpus import CORPUS, outcome
from tests.metadata.test_asking import FAULTS, asking, called, terms  # noqa: F401  fixtures

PLAIN = {"poster_path": None, "backdrop_path": None, "images": {}}
"""Without pictures: nobody in the world outside is to be asked for one."""

SHOWN = ("kind", "title", "year", "plot", "genres", "studios", "external_ids", "certifications")


def tell(*lines: str) -> None:
    sys.stdout.write("\n".join(("", *lines, "")))
    sys.stdout.flush()


def table(columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    marked = ["| " + " | ".join(str(value) for value in row) + " |" for row in rows]
    tell(f"| {' | '.join(columns)} |", "|---" * len(columns) + "|", *marked)


def test_matches() -> None:
    tell("## Matches: questions by what makes them hard")
    told: dict[str, Counter[str]] = {}
    for row in CORPUS:
        told.setdefault(row["note"].split(",")[0].split(":")[0], Counter())[outcome(row)] += 1
    whole = sum(told.values(), Counter[str]())
    ordered = sorted(told.items(), key=lambda pair: -pair[1].total())
    results = ("right", "wrong", "rightly open", "open")
    table(
        ("trap", "questions", *results),
        [(note, count.total(), *(count[one] for one in results)) for note, count in [*ordered, ("all", whole)]],
    )
    taken, known = whole["right"] + whole["wrong"], whole["right"] + whole["open"] + whole["wrong"]
    tell(
        f"Precision of what is taken {whole['right']}/{taken}, recall of what can be known {whole['right']}/{known};"
        f" {whole['rightly open'] + whole['open']} go to the review list; wrong without it: {whole['wrong']}."
    )
    assert whole["wrong"] == 0


async def test_faults(asking: Asking, terms: Terms, outside: Outside) -> None:  # noqa: F811
    tell("## Faults: what a source does, and what comes of it, asked three times")
    others: dict[str, Reply | bytes] = {
        "404": Reply(404),
        "429, Retry-After 7": Reply(429, b"", {"Retry-After": "7"}),
        "503": Reply(503),
        "401": Reply(401),
    }
    rows: list[tuple[object, ...]] = []
    for name, fault in {**FAULTS, **others}.items():
        outside.answers["/film/1"] = fault
        asked, came = len(outside.asked), []
        for _ in range(3):
            try:
                came.append(str(await asking.json(called(terms, name), "/film/1")))
            except (NotKnown, SourceFailed, SourceWaits) as err:
                job = {NotKnown: "cancelled", SourceFailed: "tried again", SourceWaits: "snoozed"}[type(err)]
                came.append(f"{job}: {str(err).partition(': ')[2] or err}")
        distinct = list(dict.fromkeys(came))
        requests = [one.path for one in outside.asked[asked:]].count("/film/1")
        rows.append((name, "; then ".join(distinct), requests))
    table(("fault", "the job is", "requests"), rows)
    tell("Tests: tests/metadata/test_asking.py, test_gate.py, test_films.py, outbound/, sources/test_hostile.py")


class House:
    """A mixed library of real files, and what its providers know."""

    def __init__(self, tree: WriteTree, songs: Songs, media: Media, providers: Providers) -> None:
        mkv = media.film().read_bytes()
        names = ("The Lantern (1999)/The Lantern (1999).mkv", "The Lantern/The Lantern.mkv", "Wedding 2014.mkv")
        shows = [f"Harbour Lights (2011)/Season 1/Harbour Lights - S01E0{n}.mkv" for n in (1, 2)]
        root = tree({**{f"films/{one}": mkv for one in names}, **{f"shows/{one}": mkv for one in shows}})
        for number in range(1, 7):
            songs.write(
                f"{number}.flac", title=f"wick {number}", artist="Lamplighters", album="Paraffin",
                tracknumber=str(number), musicbrainz_artistid=ARTIST, musicbrainz_albumartistid=ARTIST,
                musicbrainz_albumid=RELEASE,
            )  # fmt: skip
        for number in range(4):  # artists to be searched for: each is a request of its own
            songs.write(f"other/{number}.flac", title="one", artist=f"Lamp {number}", album=f"Oil {number}")
        self.paths = {"Films": root / "films", "Shows": root / "shows", "Music": songs.root}
        self.kinds = {"Films": "movies", "Shows": "tvshows", "Music": "music"}
        cast = film(101, "The Lantern")["credits"]["cast"]
        billed = {"cast": [{**one, "profile_path": None} for one in cast], "crew": []}
        providers.films = [
            film(101, "The Lantern", credits=billed, **PLAIN), film(102, "The Lantern", "1955-01-01", **PLAIN),
        ]  # fmt: skip
        harbour = show(82, "Harbour Lights", image=None)
        harbour["_embedded"]["images"] = []
        harbour["_embedded"]["episodes"] = [{**one, "image": None} for one in harbour["_embedded"]["episodes"]]
        providers.shows = [harbour]
        providers.artists, providers.releases = [artist()], [release()]


@pytest.mark.timeout(900)
async def test_a_mixed_library(  # noqa: PLR0917  fixtures
    node: NodeFactory,
    providers: Providers,
    media: Media,
    tree: WriteTree,
    connection: psycopg.AsyncConnection[Any],
    tmp_path: Path,
) -> None:
    house = House(tree, Songs(media, tmp_path / "music"), media, providers)
    arrived: list[float] = []

    def answer(asked: Asked) -> Reply:
        if asked.path.startswith("/mb/"):
            arrived.append(time.monotonic())
        return providers.answer(asked)

    providers.outside.otherwise = answer
    chosen = providers.settings() | {"sources": {"movies": [], "tvshows": [], "music": []}}
    config = tmp_path / "config.yaml"
    one_each = {"queues": {"default": {"workers": 1}}}  # so that none of the three does all of it
    config.write_text(json.dumps({"metadata": chosen, "jobs": one_each}))
    serving = await asyncio.to_thread(node, "serve", REVENGE_CONFIG=str(config))
    nodes = [serving, *(node("work", start=False, REVENGE_CONFIG=str(config)).start() for _ in range(2))]
    libraries = {}
    for name, path in house.paths.items():
        body = {"name": name, "kind": house.kinds[name], "paths": [str(path)]}
        libraries[name] = (await asyncio.to_thread(serving.post, "/api/v1/libraries", body))["id"]
        await asyncio.to_thread(serving.post, f"/api/v1/libraries/{libraries[name]}/scan", {})
    await eventually(lambda: is_idle(connection, "library.scan"), within=240)
    tell("## A mixed library before", "", "```json", await items(serving), "```")

    for name, source in (("Films", "tmdb"), ("Shows", "tvmaze"), ("Music", "musicbrainz")):
        path = f"/api/v1/libraries/{libraries[name]}/metadata"
        await asyncio.to_thread(serving.http.patch, path, json={"sources": [source]})
        await asyncio.to_thread(serving.post, f"{path}/refresh", {})
    await eventually(lambda: is_idle(connection, "library.refresh_metadata"), within=500)
    tell("## And after", "", "```json", await items(serving), "```")

    tell("## Three nodes at MusicBrainz, by its own log: seconds since the request before")
    apart = [later - earlier for earlier, later in itertools.pairwise(arrived)]
    tell(", ".join(f"{one:.2f}" for one in apart) + f"; {len(arrived)} requests, the least {min(apart):.3f} s apart")
    worked = await rows(
        connection, "SELECT DISTINCT unnest(attempted_by) FROM river.river_job WHERE kind = 'metadata.fetch'"
    )
    tell(f"They were made by the jobs of {len(worked)} nodes.")
    assert min(apart) >= 1.0

    tell("## River's rows")
    counted = await rows(
        connection, "SELECT kind, state::text, count(*) FROM river.river_job GROUP BY 1, 2 ORDER BY 1, 2"
    )
    table(("kind", "state", "rows"), counted)
    discarded = [row for row in counted if row[1] == "discarded"]
    tell(f"Discarded: {len(discarded)}.")
    assert discarded == []
    for one in nodes:
        await asyncio.to_thread(one.stop)


async def items(serving: Node) -> str:
    """Return what `revenge items --json` says: of each item the fields that metadata fills."""
    command = (sys.executable, "-m", "app", "items", "--json", "--limit", "500")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=serving._env, stdout=pipe, stderr=asyncio.subprocess.DEVNULL
    )
    said, _ = await process.communicate()
    found = json.loads(said)["items"]
    shown = [
        {field: one[field] for field in SHOWN if one.get(field)}
        | {"people": [person["name"] for person in one.get("people", ())]}
        for one in sorted(found, key=lambda one: (one["kind"], one["sort_title"], one["year"] or 0))
        if one["kind"] != "track" or one.get("number") == 1
    ]
    return "\n".join(json.dumps(one, ensure_ascii=False) for one in shown)


async def is_idle(connection: psycopg.AsyncConnection[Any], kind: str) -> bool:
    """Return whether this was done for all three libraries, and all that came of it, but for what waits for a day."""
    (found,) = await rows(
        connection,
        "SELECT count(DISTINCT args ->> 'library_id') FILTER (WHERE state = 'completed' AND kind = %s) = 3, count(*)"
        " FILTER (WHERE finalized_at IS NULL AND scheduled_at < now() + interval '1 hour') = 0 FROM river.river_job",
        kind,
    )
    return all(found)


async def rows(connection: psycopg.AsyncConnection[Any], query: str, *values: object) -> list[tuple[Any, ...]]:
    cursor = await connection.execute(query, values)  # type: ignore[call-overload]
    return [tuple(row.values()) if isinstance(row, dict) else tuple(row) for row in await cursor.fetchall()]
