"""Roots, losses, purges and copies over HTTP."""

import os
from pathlib import Path

import psycopg

from tests.fixtures.web import Films, Web

API = "/api/v1"


async def test_roots_are_listed_and_may_lie_elsewhere(web: Web, films: Films, tmp_path: Path) -> None:
    path = f"{API}/libraries/{films.library_id}/roots"
    (root,) = (await web.http.get(path)).json()["roots"]
    new = tmp_path / "elsewhere"
    new.mkdir()

    queued = await web.http.patch(f"{path}/{root['id']}", json={"has_own_queue": True})
    moved = await web.http.patch(f"{path}/{root['id']}", json={"path": str(new)})
    nowhere = await web.http.patch(f"{path}/{root['id']}", json={"path": str(tmp_path / "nowhere")})
    unknown = await web.http.patch(f"{path}/{films.library_id}", json={})

    assert (root["path"], root["has_own_queue"], root["queue"]) == (str(films.root), False, "default")
    assert (root["present_files"], root["missing_files"], root["watched_by"]) == (0, 0, [])
    assert queued.json()["roots"][0]["queue"] == f"root_{root['id']}"
    assert moved.json()["roots"][0]["path"] == str(new)
    assert (nowhere.status_code, nowhere.json()["code"]) == (400, "invalid_input")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


async def test_of_two_who_change_roots_the_second_is_told_and_what_scans_count_is_no_change(
    web: Web, films: Films
) -> None:
    path = f"{API}/libraries/{films.library_id}/roots"
    read = await web.http.get(path)
    (root,) = read.json()["roots"]
    await films.add("a.mkv", b"film")
    counted = await web.http.get(path)
    assert counted.headers["ETag"] != read.headers["ETag"]

    first, second = [
        await web.http.patch(
            f"{path}/{root['id']}", json={"has_own_queue": own}, headers={"If-Match": read.headers["ETag"]}
        )
        for own in (True, False)
    ]

    assert (first.status_code, second.status_code, second.json()["code"]) == (200, 412, "changed_meanwhile")
    assert first.headers["ETag"] == (await web.http.get(path)).headers["ETag"]


async def test_only_some_paths_are_scanned(
    web: Web, films: Films, connection: psycopg.AsyncConnection[dict[str, object]]
) -> None:
    path = f"{API}/libraries/{films.library_id}/scan"
    inside = os.fsdecode(films.root) + "/Alien (1979)"

    asked = await web.http.post(path, json={"paths": [inside]})
    outside = await web.http.post(path, json={"paths": ["/etc"]})

    assert asked.status_code == 202
    assert asked.json()["job"]["args"]["requested_only"] is True
    rows = await (await connection.execute("SELECT path, is_deep FROM scan_request")).fetchall()
    assert rows == [{"path": b"Alien (1979)", "is_deep": True}]
    assert (outside.status_code, outside.json()["code"]) == (400, "invalid_input")


async def test_a_loss_is_confirmed_and_what_is_missing_forgotten(web: Web, films: Films) -> None:
    path = f"{API}/libraries/{films.library_id}"

    confirmed = await web.http.post(f"{path}/confirm-loss")
    (root,) = (await web.http.get(f"{path}/roots")).json()["roots"]
    purged = await web.http.post(f"{path}/purge", json={"missing_for": "30d"})
    wrong = await web.http.post(f"{path}/purge", json={"missing_for": "soon"})

    assert (confirmed.status_code, confirmed.json()["job"]["kind"]) == (202, "library.scan")
    assert root["loss_confirmed"] is True
    assert (purged.status_code, purged.json()) == (200, {"files": 0, "items": 0})
    assert wrong.status_code == 400


async def test_copies_are_listed_page_by_page(
    web: Web, films: Films, connection: psycopg.AsyncConnection[dict[str, object]]
) -> None:
    for number, (name, content) in enumerate([("a", b"1"), ("b", b"1"), ("c", b"22"), ("d", b"22"), ("e", b"333")]):
        await films.add(f"{name}.mkv", content)
        await connection.execute(
            "UPDATE file SET partial_hash = sha256(%s::bytea), inode = %s WHERE name = %s",
            (content, number, f"{name}.mkv".encode()),
        )
    await connection.execute("UPDATE file SET partial_hash = substring(partial_hash, 1, 16)")

    first = (await web.http.get(f"{API}/duplicates", params={"limit": 1})).json()
    second = (await web.http.get(f"{API}/duplicates", params={"limit": 1, "cursor": first["next_cursor"]})).json()
    third = (await web.http.get(f"{API}/duplicates", params={"limit": 1, "cursor": second["next_cursor"]})).json()
    wrong = await web.http.get(f"{API}/duplicates", params={"cursor": "x"})

    listed = [sorted(one["path"] for one in page["duplicates"][0]["files"]) for page in (first, second)]
    assert listed == [["c.mkv", "d.mkv"], ["a.mkv", "b.mkv"]]
    assert not first["duplicates"][0]["files"][0]["is_hard_link"]
    assert third == {"duplicates": [], "next_cursor": None}
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid_input")


async def test_a_path_that_is_no_text_is_taken_told_and_kept_in_the_book(
    web: Web, films: Films, tmp_path: Path
) -> None:
    """The book holds it as it is shown: no text of the database can hold it as it is."""
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    Path(os.fsdecode(folder)).mkdir()
    body = {"paths": [str(films.root), f"file://{tmp_path}/caf%E9"]}

    made = await web.http.post(f"{API}/libraries", json={"name": "Café", "kind": "movies", "paths": body["paths"][1:]})
    changed = await web.http.patch(f"{API}/libraries/{films.library_id}", json=body)

    assert (made.status_code, made.json()["paths"]) == (201, [f"{tmp_path}/caf\\xe9"])
    assert (changed.status_code, changed.json()["code"]) == (409, "roots_overlap")
    gone = await web.http.delete(made.headers["location"])
    changed = await web.http.patch(f"{API}/libraries/{films.library_id}", json=body)
    assert gone.status_code == 204
    assert (changed.status_code, changed.json()["paths"]) == (200, [str(films.root), f"{tmp_path}/caf\\xe9"])


async def test_what_could_not_be_read_is_listed_page_by_page(
    web: Web, films: Films, connection: psycopg.AsyncConnection[dict[str, object]]
) -> None:
    names = ["whole.mkv", "half.mkv", "broken.mkv", "gone.mkv"]
    ids = {name: str((await films.add(name, b"film")).id) for name in names}
    trouble = {
        "half.mkv": ("truncated", "it ends early"),
        "broken.mkv": ("corrupt", None),
        "gone.mkv": ("corrupt", None),
    }
    for name, (problem, detail) in trouble.items():
        await connection.execute(
            "UPDATE file SET problem = %s, problem_detail = %s, state = %s WHERE id = %s",
            (problem, detail, "missing" if name == "gone.mkv" else "present", ids[name]),
        )
    await connection.execute(
        "INSERT INTO side_file (id, folder_id, name, kind, size, mtime_ns, problem)"
        " SELECT gen_random_uuid(), folder_id, 'movie.nfo', 'nfo', 1, 1, 'no XML' FROM file WHERE id = %s",
        (ids["whole.mkv"],),
    )

    everything = (await web.http.get(f"{API}/problems")).json()
    first = (await web.http.get(f"{API}/problems", params={"limit": 2})).json()
    second = (await web.http.get(f"{API}/problems", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    mine = (await web.http.get(f"{API}/problems", params={"library_id": str(films.library_id)})).json()
    nobodys = await web.http.get(f"{API}/problems", params={"library_id": ids["whole.mkv"]})

    told = {one["path"]: (one["kind"], one["problem"], one["detail"]) for one in everything["problems"]}
    assert told == {
        "half.mkv": ("media", "truncated", "it ends early"),
        "broken.mkv": ("media", "corrupt", None),
        "movie.nfo": ("side", "no XML", None),
    }
    assert first["problems"] + second["problems"] == everything["problems"] == mine["problems"]
    assert (second["next_cursor"], nobodys.status_code) == (None, 404)
