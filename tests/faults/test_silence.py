"""PostgreSQL is there and says nothing: requests are told so soon, what is being sent goes on, and it mends itself."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.fixtures.node import Node, making_nodes
from tests.fixtures.waiting import eventually
from tests.fixtures.wire import Wire

pytestmark = pytest.mark.process

BYTES = 64 * 2**20
"""Of a file: far more than lies in the sockets between us."""


@pytest.fixture
async def serving(wire: Wire, tmp_path: Path) -> AsyncIterator[Node]:
    with making_nodes(tmp_path, wire.conninfo) as make:
        made = make("serve", start=False)
        made.start()
        await asyncio.to_thread(made.ready)
        yield made


async def file_on(http: httpx.AsyncClient, root: Path) -> str:
    film = root / "Metropolis (1927)" / "Metropolis (1927).mkv"
    film.parent.mkdir(parents=True)
    with film.open("wb") as file:
        file.truncate(BYTES)
    body = {"name": "Films", "kind": "movies", "paths": [str(root)]}
    library = (await http.post("/api/v1/libraries", json=body)).json()["id"]
    await http.post(f"/api/v1/libraries/{library}/scan", json={"full_scan": False})

    async def found() -> str:
        items = (await http.get("/api/v1/items")).json()["items"]
        return next((file["id"] for item in items for file in item["files"]), "")

    return str(await eventually(found))


async def test_requests_are_told_what_is_sent_goes_on_and_it_mends_itself(
    serving: Node, wire: Wire, tmp_path: Path
) -> None:
    async with httpx.AsyncClient(base_url=serving.url, timeout=60, trust_env=False) as http:
        file = await file_on(http, tmp_path / "films")
        async with http.stream("GET", f"/api/v1/files/{file}/stream") as stream:
            pieces = stream.aiter_raw(2**16)
            received = len(await anext(pieces))
            wire.freeze()

            answers = await asyncio.gather(*(http.get("/api/v1/items") for _ in range(30)))
            for answer in (*answers, await http.get(f"/api/v1/files/{file}/stream")):
                assert answer.status_code == 503, answer.text
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json()["code"] == "database_unavailable"
                assert int(answer.headers["retry-after"]) > 0
            assert (await http.get("/healthz")).is_success
            ready = (await http.get("/readyz")).json()
            assert [probe["ready"] for probe in ready["probes"] if probe["name"] == "database"] == [False]

            async for piece in pieces:
                received += len(piece)
            assert received == BYTES

        wire.thaw()

        async def answers_again() -> bool:
            return (await http.get("/api/v1/items")).is_success

        await eventually(answers_again)

        async def is_ready() -> bool:
            return (await http.get("/readyz")).is_success

        await eventually(is_ready)
