"""What FastAPI does by itself, on the same server and loop as ours: `python -m bench.bare_web PORT FOLDER FILE`."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import BaseModel
from starlette.responses import FileResponse, Response

from app.lifecycle import settle_memory

PASSWORD = "correct horse"


class LoginRequest(BaseModel):
    name: str
    password: str


def create_app(item: dict[str, Any], page: dict[str, Any], path: Path) -> FastAPI:
    app, passwords = FastAPI(), PasswordHash((Argon2Hasher(),))
    stored, turns = passwords.hash(PASSWORD), asyncio.Semaphore(2)

    @app.get("/item")
    async def get_item() -> dict[str, Any]:
        return item

    @app.get("/page")
    async def get_page() -> dict[str, Any]:
        return page

    @app.post("/login", status_code=201)
    async def log_in(asked: LoginRequest) -> dict[str, str]:
        async with turns:
            if not await asyncio.to_thread(passwords.verify, asked.password, stored):
                raise HTTPException(401)
        return {"access_token": "x" * 47}

    @app.get("/file")
    async def get_file() -> Response:
        return FileResponse(path)

    return app


async def main(port: int, folder: Path, path: Path) -> None:
    item, page = (json.loads((folder / name).read_text()) for name in ("item.json", "page.json"))
    config = uvicorn.Config(
        create_app(item, page, path),
        port=port,
        http="httptools",
        log_level="warning",
        access_log=False,
    )
    await settle_memory()
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=__import__("uvloop").new_event_loop) as runner:
        runner.run(main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])))
