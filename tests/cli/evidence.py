"""A new household being set up from the command line, as a terminal shows it: `python -m tests.cli.evidence`.

Prints Markdown, in about a minute: a real server over an empty folder, which brings its own PostgreSQL; `revenge` at
a terminal of its own, where passwords are typed; what players and programs are answered over HTTP. Every command has to
end as it says here. Ids, times and ports are those of the run; secrets are struck out; nothing is left behind.
"""

import json
import os
import pty
import shlex
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from app.accounts.tokens import TOKEN
from tests.fixtures.media import Media
from tests.fixtures.node import ROOT, Node, clean_environment, making_nodes
from tests.fixtures.tree import write_tree

WIDTH = 150
PASSWORD = "correct horse battery staple"
BASE = "/api/v1"
PROMPTS = (b"Password: ", b"Once more: ")


class Household:
    """A folder with two libraries, a server, and what is done there."""

    def __init__(self, folder: Path, server: Node) -> None:
        self.folder = folder
        self.server = server
        self._env = clean_environment() | {
            "REVENGE_DATA_DIR": str(server.log.parent),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "TERM": "dumb",
            "COLUMNS": str(WIDTH),
            "LINES": "50",
        }
        self.tokens: dict[str, str] = {}
        """Of devices, programs and the first link, by what they are called here."""

    def revenge(self, *words: object, ends: int = 0, env: Mapping[str, str] | None = None, shows: bool = True) -> str:
        """Run a command at a terminal, type the password wherever one is asked for; return what is to be seen."""
        env, typed = env or {}, [str(word) for word in words]
        code, said = at_a_terminal([sys.executable, "-m", "app", *typed], self._env | env)
        if code != ends:
            raise RuntimeError(f"{typed} ended with {code}, not {ends}: {said}")
        if shows:
            before = "".join(f"{name}={value} " for name, value in env.items())
            after = f"\n(ends with {ends})" if ends else ""
            self.tell(f"$ {before}revenge {shlex.join(typed)}\n{said.rstrip()}{after}")
        return said

    def ask(self, who: str, method: str, path: str, status: int, **more: Any) -> Any:
        """Ask over HTTP with what `who` has to show, print what was asked and what came; return the answer's JSON."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who in self.tokens else {}
        answer = self.server.http.request(method, BASE + path, headers=headers, **more)
        if answer.status_code != status:
            raise RuntimeError(f"{who}: {answer.status_code} {answer.text}")
        found = answer.json()
        self.tell(f"{who}: {method} {BASE}{path}\n  {status} {httpx.codes(status).phrase}, {told(found)}")
        return found

    def log_in(self, name: str, device: str) -> None:
        asked = {"name": name, "password": PASSWORD, "device": device}
        who = f"{name}'s {device}"
        self.tokens[who] = self.ask(who, "POST", "/logins", 201, json=asked)["access_token"]

    def tell(self, text: str) -> None:
        for place, name in ((str(self.folder), "/srv"), (f":{self.server.port}", ":8484")):
            text = text.replace(place, name)
        shown = TOKEN.sub(lambda token: f"{token[0][:4]}…", text)
        print("\n".join(line.rstrip() for line in shown.splitlines()))


def told(found: dict[str, Any]) -> str:
    """Say in a line what an answer holds."""
    if "code" in found:
        return f"{found['code']}: {found['detail']}"
    if "items" in found:
        return f"items: {', '.join(item['title'] for item in found['items'])}"
    return ", ".join(found)


def at_a_terminal(command: Sequence[str], env: dict[str, str]) -> tuple[int, str]:
    """Run a command as somebody at a keyboard does; return its code and what was to be seen."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        os.execvpe(command[0], command, env)
    seen = b""
    with (
        os.fdopen(terminal, "r+b", buffering=0) as keyboard,
        suppress(OSError),
    ):  # EIO: nobody is at its other end any more
        while chunk := keyboard.read(65536):
            seen += chunk
            if seen.endswith(PROMPTS):
                keyboard.write(f"{PASSWORD}\n".encode())
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), seen.decode().replace("\r\n", "\n")


def start(house: Household) -> None:
    """The server starts over an empty folder, and says how the first account is made"""
    house.tell("$ revenge serve")
    log = house.server.log.read_text()
    house.tell(log.rstrip())
    house.tokens["the link"] = TOKEN.findall(log)[0]
    house.ask("nobody, from this machine", "GET", "/libraries", 200)


def first_account(house: Household) -> None:
    """The first account has to be an administrator's; with it, loopback is nobody in particular any more"""
    house.revenge("user", "add", "Kim", ends=2)
    house.revenge("user", "add", "Ada", "--admin")
    house.ask("nobody, from this machine", "GET", "/libraries", 401)
    code = house.tokens.pop("the link")
    house.ask("who has the link", "POST", "/setup", 409, json={"code": code, "name": "Eve", "password": PASSWORD})


def libraries(house: Household) -> None:
    """Libraries"""
    house.revenge("library", "add", "Films", house.folder / "films")
    house.revenge("library", "add", "Cartoons", house.folder / "toons")
    house.revenge("library", "scan", "Films", "--wait")
    house.revenge("library", "scan", "Cartoons", "--wait")
    house.revenge("items")


def members(house: Household) -> None:
    """Who lives here: a member who sees one library, one with a limit of age, a guest"""
    house.revenge("user", "add", "Bob", "--library", "Cartoons")
    house.revenge("user", "add", "Kim", "--library", "Films", "--library", "Cartoons", "--max-age", "12")
    house.revenge("user", "add", "Gus", "--role", "guest", "--library", "Cartoons")
    house.revenge("user", "list")


def devices(house: Household) -> None:
    """Devices log in, and see what they may"""
    house.log_in("Bob", "telly")
    house.log_in("Kim", "phone")
    house.log_in("Kim", "tablet")
    house.ask("Bob's telly", "GET", "/items", 200)
    house.ask("Kim's phone", "GET", "/items", 200)
    house.ask("Kim's phone", "GET", "/accounts", 403)


def sessions(house: Household) -> None:
    """Sessions are listed, and one of them is revoked"""
    house.revenge("user", "logins", "Kim")
    house.revenge("user", "log-out", "Kim", "phone")
    house.ask("Kim's phone", "GET", "/items", 401)
    house.ask("Kim's tablet", "GET", "/items", 200)


def key(house: Household) -> None:
    """A key for a program that asks for scans, and can do nothing else"""
    house.tokens["sonarr"] = TOKEN.findall(house.revenge("user", "add-key", "Ada", "sonarr", "--scope", "scan"))[0]
    (films, _) = json.loads(house.revenge("library", "list", "--json", shows=False))["libraries"]
    house.ask("sonarr", "POST", f"/libraries/{films['id']}/scan", 202)
    house.ask("sonarr", "GET", "/items", 403)
    house.revenge("user", "keys", "Ada")
    house.revenge("user", "delete-key", "Ada", "sonarr")
    house.ask("sonarr", "POST", f"/libraries/{films['id']}/scan", 401)


def elsewhere(house: Household) -> None:
    """From another machine, with a key of the scope `admin`"""
    laptop = TOKEN.findall(house.revenge("user", "add-key", "Ada", "laptop", "--scope", "admin"))[0]
    env = {"REVENGE_SERVER": house.server.url, "REVENGE_API_KEY": laptop}
    house.revenge("user", "change", "Kim", "--max-age", "6", env=env)
    house.ask("Kim's tablet", "GET", "/items", 200)


def schedule(house: Household) -> None:
    """What comes by itself"""
    house.revenge("jobs", "schedule")


def book(house: Household) -> None:
    """The book"""
    house.revenge("audit")


def again(house: Household) -> None:
    """The server stops. Commands go on, over the database; the next start prints no link"""
    house.server.stop()
    house.revenge("user", "list")
    length = len(house.server.log.read_text())
    house.server.start().ready()
    house.tell(f"$ revenge serve\n{house.server.log.read_text()[length:].rstrip()}")
    house.ask("Kim's tablet", "GET", "/items", 200)


STEPS = (start, first_account, libraries, members, devices, sessions, key, elsewhere, schedule, book, again)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="evidence-") as name:
        folder = Path(name)
        media = Media(folder / "recipes").film().read_bytes()
        for title, age in (
            ("films/Alien (1979)", "US:R"),
            ("films/Paddington (2014)", "US:PG"),
            ("toons/Up (2009)", "US:G"),
        ):
            path = Path(title)
            nfo = f"<movie><title>{path.name[:-7]}</title><mpaa>{age}</mpaa></movie>"
            write_tree(folder / path, {f"{path.name}.mkv": media, "movie.nfo": nfo})
        with making_nodes(folder, None) as make:
            house = Household(folder, make("serve", REVENGE_LOG__LEVEL="info"))
            for step in STEPS:
                print(f"\n## {step.__doc__}\n\n```console")
                step(house)
                print("```", flush=True)


if __name__ == "__main__":
    main()
