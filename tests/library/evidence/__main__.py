"""What the library makes of real media, and what it loses, shown by doing it: `python -m tests.library.evidence`.

Prints Markdown, in about a minute: three libraries scanned and analysed by a real server process, as its command line
tells them and as SQL counts them; the jobs that it took; what real mounts did to the rows when they were taken away (as
root only); the corpus of names, with its misses and how many a second are read. Nothing is left behind.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from app.db.embedded import EmbeddedPostgres
from app.db.migrate import upgrade
from bench.names import main as names
from bench.scan import quiet
from tests.fixtures.media import Media
from tests.fixtures.node import ROOT, clean_environment, making_nodes, until
from tests.fixtures.postgres import create_database, url_of
from tests.library.evidence.trees import write_films, write_music, write_shows
from tests.library.naming.corpus_cases import cases, name_of
from tests.library.naming.corpus_reading import differences
from tests.library.scan.test_mounts import NAMESPACE

LIBRARIES: dict[str, tuple[str, Callable[[Path, Media], Path]]] = {
    "Films": ("movies", write_films),
    "Shows": ("tvshows", write_shows),
    "Music": ("music", write_music),
}

ITEMS = """
    SELECT library.name AS library, item.kind, item.state, count(DISTINCT item.id) AS items,
        count(DISTINCT link.file_id) AS files
    FROM item JOIN library ON library.id = item.library_id LEFT JOIN item_file link ON link.item_id = item.id
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
FILES = """
    SELECT library.name AS library, file.state, count(*) AS files, count(file.probed_at) AS probed,
        count(file.problem) AS problems, sum(streams.count) AS streams, count(keyframes.file_id) AS keyframe_indexes
    FROM file JOIN library_root root ON root.id = file.root_id JOIN library ON library.id = root.library_id
    LEFT JOIN keyframes ON keyframes.file_id = file.id
    CROSS JOIN LATERAL (SELECT count(*) FROM stream WHERE stream.file_id = file.id) AS streams
    GROUP BY 1, 2 ORDER BY 1, 2
"""
BESIDE = """
    SELECT 'side files' AS what, count(*) FROM side_file UNION ALL SELECT 'pictures', count(*) FROM image
    UNION ALL SELECT 'texts', count(*) FROM item_text UNION ALL SELECT 'people', count(*) FROM credit
    UNION ALL SELECT 'ids elsewhere', count(*) FROM external_id
    UNION ALL SELECT 'credits of music', count(*) FROM item_artist UNION ALL SELECT 'chapters', count(*) FROM chapter
"""
JOBS = """
    SELECT kind, state::text, count(*) AS jobs, max(attempt) AS attempts FROM river.river_job
    GROUP BY 1, 2 ORDER BY 1, 2
"""
UNFINISHED = "SELECT count(*) FROM river.river_job WHERE state IN ('available', 'running', 'pending', 'retryable')"
DISCARDED = "SELECT count(*) AS discarded FROM river.river_job WHERE state = 'discarded'"


async def main() -> None:
    with tempfile.TemporaryDirectory(prefix="evidence-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # somebody who is not root is tried on the mounts
        server = EmbeddedPostgres(folder / "postgres", settings={"fsync": "off"})
        await server.start()
        try:
            for database, show in (("libraries", show_libraries), ("mounts", show_mounts)):
                await create_database(server, database)
                await upgrade(url_of(server, database))
                (folder / database).mkdir()
                await asyncio.to_thread(show, url_of(server, database), folder / database)
        finally:
            await server.stop()
    show_names()


def show_libraries(url: str, folder: Path) -> None:
    media = Media(folder / "recipes")
    with making_nodes(folder, url) as make, psycopg.connect(url, autocommit=True) as connection:
        server = make("serve")

        def revenge(*words: object) -> str:
            return run("app", *words, env={"DATABASE_URL": url, "REVENGE_DATA_DIR": str(server.log.parent)})

        for name, (kind, write) in LIBRARIES.items():
            revenge("library", "add", name, write(folder / kind, media), "--kind", kind)
            revenge("library", "scan", name, "--wait")
        until(lambda: rows(connection, UNFINISHED)[1] == [(0,)], what="all jobs done")
        for name in LIBRARIES:
            title(f"`revenge items --library {name} --tree --json`, shortened")
            found = [item for kind in ("movie", "series", "artist") for item in tree_of(revenge, name, kind)]
            print("\n".join(line for item in found for line in told(item, folder / LIBRARIES[name][0])))
        title("The same as SQL counts")
        for query in (ITEMS, FILES, BESIDE):
            table(*rows(connection, query))
        title("River's rows by kind and state")
        table(*rows(connection, JOBS))
        table(*rows(connection, DISCARDED))


def tree_of(revenge: Callable[..., str], library: str, kind: str) -> list[dict[str, Any]]:
    answer = revenge("items", "--library", library, "--kind", kind, "--tree", "--limit", 100, "--json")
    found: list[dict[str, Any]] = json.loads(answer)["items"]
    return found


SHOWN = (
    "kind", "title", "original_title", "year", "released_on", "number", "absolute_number", "disc_number",
    "release_types", "state", "external_ids", "plot", "genres",
)  # fmt: skip


OF_A_FILE = ("role", "extra_kind", "version", "edition", "part", "problem")


def told(item: dict[str, Any], root: Path, depth: int = 0) -> Iterable[str]:
    """Yield an item as a line of JSON, without what is empty, with its files below it and then its children."""
    shown = {name: item[name] for name in SHOWN if item.get(name) not in (None, [], {})}
    if item.get("artists"):
        shown["artists"] = "".join(credit["name"] + credit["joinphrase"] for credit in item["artists"])
    yield "  " * depth + json.dumps(shown, ensure_ascii=False)
    for file in item["files"]:
        what = {name: file[name] for name in OF_A_FILE if file[name]}
        streams = [stream.get("codec") or stream["kind"] for stream in file["streams"]]
        beside = [side["language"] for side in file.get("subtitles", ())]
        path = str(Path(file["path"]).relative_to(root))
        yield "  " * depth + "  · " + json.dumps({"path": path, **what, "streams": streams, "beside": beside})
    for child in item.get("children", ()):
        yield from told(child, root, depth + 1)


def show_mounts(url: str, folder: Path) -> None:
    title("What became of the rows when their disk went away")
    folder.chmod(0o755)
    command = [*NAMESPACE, sys.executable, "-m", "tests.library.scan.mounts", url, str(folder)]
    probe = subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False)
    if probe.returncode:
        print(f"Not shown: nothing can be mounted here ({probe.stderr.decode().strip()}).")
        return
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    results = [json.loads(line) for line in answer.stdout.splitlines() if line.startswith("{")]
    print("Real mounts of tmpfs, but for the error in the middle, which no disk at hand makes.\n")
    table(list(results[0]), [tuple(result.values()) for result in results])


def show_names() -> None:
    title("The corpus of names")
    wrong = {name_of(case): different for case in cases() if (different := differences(case))}
    count = len(cases())
    print(f"{count - len(wrong):,} of {count:,} are read rightly ({1 - len(wrong) / count:.1%}).\n")
    table(["miss", "field: read, wanted"], [(name, repr(different)) for name, different in wrong.items()])
    names([])


def run(module: str, *words: object, env: dict[str, str]) -> str:
    command = [sys.executable, "-m", module, *map(str, words)]
    answer = subprocess.run(
        command, cwd=ROOT, env=clean_environment() | env, capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise RuntimeError(f"{words}: {answer.stderr}")
    return answer.stdout


def rows(connection: psycopg.Connection[Any], query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    cursor = connection.execute(sql.SQL(query))
    return [column.name for column in cursor.description or ()], cursor.fetchall()


def title(text: str) -> None:
    print(f"\n## {text}\n")


def table(head: Sequence[str], body: Iterable[Sequence[object]]) -> None:
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in body:
        print(f"| {' | '.join('–' if value is None else str(value).replace('|', chr(92) + '|') for value in row)} |")
    print(flush=True)


if __name__ == "__main__":
    with quiet():
        asyncio.run(main())
