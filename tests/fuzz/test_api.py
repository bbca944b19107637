"""The API against its own document: schemathesis with all its checks and stateful links.

Here a few requests to every route, as an administrator. `make fuzz` sends as many as REVENGE_TEST_FUZZ says, and every
special case that the schemas name, as everybody there is, for REVENGE_TEST_FUZZ_COVERAGE seconds each at most.
"""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from app.accounts.roles import Role
from app.web.application import OPENAPI_URL
from tests.fixtures.accounts import Accounts
from tests.fixtures.node import ROOT
from tests.fixtures.web import Films, Web

EXAMPLES = os.environ.get("REVENGE_TEST_FUZZ", "")
COVERAGE_SECONDS = int(os.environ.get("REVENGE_TEST_FUZZ_COVERAGE", "300"))
"""For every special case that the schemas name, of one asker. Their number is schemathesis' own; what is left when the
time is over is told in its summary."""

ENDLESS = "listen_to_events"
"""Never ends its answer; tests/web/test_events.py listens."""


async def schemathesis(web: Web, tmp_path: Path, headers: dict[str, str], own: list[str], *more: str) -> str:
    """Run it against the server; return what it says. It runs beside us: in our process it would block the server."""
    folders = [tmp_path / f"folder {number}" for number in range(40)]
    for folder in folders:
        folder.mkdir(exist_ok=True)
    words = ["run", web.server.url + OPENAPI_URL, "--exclude-operation-id", ENDLESS, "--checks", "all"]
    words += ["--max-examples", EXAMPLES or "1", "--seed", "1927", "--generation-deterministic"]
    words += ["--continue-on-failure", "--no-color", "--request-timeout", "60", *more]
    for name, value in headers.items():
        words += ["--header", f"{name}:{value}"]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "schemathesis.cli",
        *words,
        cwd=tmp_path,  # no configuration file, and nothing left behind
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
            "REVENGE_TEST_FUZZ_OWN": " ".join(own),
            "REVENGE_TEST_FUZZ_FOLDERS": os.pathsep.join(map(str, folders)),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return said.decode()


@pytest.mark.parametrize("role", [*Role, None] if EXAMPLES else [Role.ADMINISTRATOR], ids=lambda role: role or "nobody")
@pytest.mark.timeout(3600 if EXAMPLES else 600)
async def test_every_answer_is_as_the_document_says(
    web: Web, accounts: Accounts, films: Films, tmp_path: Path, role: Role | None
) -> None:
    await accounts.make("Ada", Role.ADMINISTRATOR)
    await films.shelf.item(films.library_id, "Metropolis")
    await films.add("Metropolis (1927).mkv", b"x" * 1000)
    headers, own = {}, list[str]()
    if role is not None:
        made = await accounts.make("Bob", role)
        tokens = await accounts.log_in("Bob")
        headers, own = {"Authorization": f"Bearer {tokens.access_token}"}, [str(made.id), str(tokens.login_id)]

    said = [await schemathesis(web, tmp_path, headers, own, "--phases", "fuzzing,stateful")]
    if EXAMPLES:  # apart, because fuzzing fills whatever time there is
        limit = ("--max-time", str(COVERAGE_SECONDS))
        said.append(await schemathesis(web, tmp_path, headers, own, "--phases", "examples,coverage", *limit))

    sys.stdout.write("\n".join(said))
    assert [word for word in ("FAILURES", "ERRORS") for one in said if word in one] == []
    (tested,) = re.findall(r"Tested: (\d+)", said[0])
    assert int(tested) > 50
    if role is not None:
        assert (await web.http.get("/api/v1/me", headers=headers)).status_code == 200
