"""Server-sent events over a real connection: heard, resumed, ended when somebody may listen no more."""

import json

import httpx
import pytest

from app.accounts.roles import Role
from app.events.listeners import LibraryEvents
from tests.fixtures.accounts import BY_HAND, Accounts
from tests.fixtures.shelf import Shelf
from tests.fixtures.web import Films, Web

EVENTS = "/api/v1/events"


class Ear:
    """Reads a stream event by event."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.aiter_lines()
        self.last_id = ""

    async def event(self) -> tuple[str, object]:
        """Return the next event that carries anything."""
        kind, data = "", None
        async for line in self._lines:
            field, _, value = line.partition(": ")
            if field == "id":
                self.last_id = value
            elif field == "event":
                kind = value
            elif field == "data":
                data = json.loads(value)
            elif not line and kind:
                return kind, data
        raise EOFError

    async def begin(self) -> None:
        async for line in self._lines:
            if line.startswith("id: "):
                self.last_id = line.removeprefix("id: ")
            if not line:
                return


async def change(shelf: Shelf, *items) -> None:
    async with shelf.transactions.begin() as tx:
        await LibraryEvents().items_changed(tx, list(items))


async def test_changes_are_heard_as_they_happen_and_again_from_where_one_left_off(web: Web, films: Films) -> None:
    first, second = [await films.shelf.item(films.library_id, title) for title in ("First", "Second")]
    async with web.http.stream("GET", EVENTS) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert answer.headers["Cache-Control"] == "no-store"
        ear = Ear(answer)
        await ear.begin()
        await change(films.shelf, first)
        kind, data = await ear.event()
    assert (kind, data["ids"]) == ("items.changed", [str(first)])

    await change(films.shelf, second)
    async with web.http.stream("GET", EVENTS, headers={"Last-Event-ID": ear.last_id}) as answer:
        again = Ear(answer)
        kind, data = await again.event()
    assert (kind, data["ids"]) == ("items.changed", [str(second)])


@pytest.mark.parametrize("position", ["nonsense", "1-1-1"])
async def test_a_place_that_nobody_remembers_is_a_new_beginning(web: Web, position: str) -> None:
    async with web.http.stream("GET", EVENTS, headers={"Last-Event-ID": position}) as answer:
        kind, data = await Ear(answer).event()
    assert (kind, data) == ("reset", {})


async def test_who_may_listen_no_more_is_cut_off(web: Web, accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.web.api_v1.events.RECHECK", 0)
    monkeypatch.setattr("app.web.api_v1.events.KEEP_ALIVE", 0.1)
    await accounts.make("Ada", Role.ADMINISTRATOR)
    bob = await accounts.make("Bob")
    token = (await accounts.log_in("Bob")).access_token
    async with web.http.stream("GET", EVENTS, headers={"Authorization": f"Bearer {token}"}) as answer:
        ear = Ear(answer)
        await ear.begin()
        async with accounts.transactions.begin() as tx:
            await accounts.service.delete(tx, BY_HAND, bob.id)
        with pytest.raises(EOFError):
            await ear.event()


async def test_a_server_that_stops_ends_its_streams(web: Web) -> None:
    async with web.http.stream("GET", EVENTS) as answer:
        ear = Ear(answer)
        await ear.begin()
        web.lifecycle.shutdown()
        with pytest.raises(EOFError):
            await ear.event()
