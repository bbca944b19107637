"""Two real nodes over one database: who listened to the one that is killed goes on at the other."""

import json
from contextlib import suppress

import httpx
import pytest

from app.accounts.roles import Role, Scope
from app.events.listeners import LibraryEvents
from tests.fixtures.accounts import BY_HAND, Accounts
from tests.fixtures.node import NodeFactory
from tests.fixtures.shelf import Shelf

pytestmark = pytest.mark.process


class Ear:
    """Takes an event, and its id, when it is whole: what a browser's EventSource does."""

    def __init__(self) -> None:
        self.last_id = ""
        self.heard: list[str] = []

    async def listen(self, url: str, key: str, *, until: int | None = None, begun=None) -> None:
        """Listen until so many items were heard of, or until the server is gone."""
        headers = {"Authorization": f"Bearer {key}"} | ({"Last-Event-ID": self.last_id} if self.last_id else {})
        fields: dict[str, str] = {}
        async with (
            httpx.AsyncClient(timeout=60) as http,
            http.stream("GET", f"{url}/api/v1/events", headers=headers) as told,
        ):
            assert told.status_code == 200
            async for line in told.aiter_lines():
                name, _, value = line.partition(": ")
                if line:
                    fields[name] = value
                    continue
                self.last_id = fields.get("id", self.last_id)
                assert fields.get("event") != "reset"
                if fields.get("event") == "items.changed":
                    self.heard += json.loads(fields["data"])["ids"]
                fields = {}
                if begun is not None:
                    await begun()
                    begun = None
                if until is not None and len(self.heard) >= until:
                    return


async def test_nothing_is_missed_or_told_twice_and_nobody_hears_of_what_they_may_not_see(
    node: NodeFactory, accounts: Accounts, shelf: Shelf, tmp_path
):
    films = await shelf.library(tmp_path / "films")
    hidden = await shelf.library(tmp_path / "hidden", name="Hidden")
    await accounts.make("Ada", Role.ADMINISTRATOR)
    bob = await accounts.make("Bob", libraries=[films])
    async with accounts.transactions.begin() as tx:
        _, key = await accounts.keys.create(tx, BY_HAND, bob.id, name="telly", scopes=[Scope.READ])
    items = [await shelf.item(films, f"Film {number}") for number in range(12)]
    secrets = [await shelf.item(hidden, f"Secret {number}") for number in range(12)]

    async def change(first: int, last: int) -> None:
        for pair in zip(items[first:last], secrets[first:last], strict=True):
            for item in pair:
                async with shelf.transactions.begin() as tx:
                    await LibraryEvents().items_changed(tx, [item])

    one, other = node("serve", "--no-work", start=False).start(), node("serve", "--no-work")
    one.ready()
    ear = Ear()
    await ear.listen(one.url, key, until=4, begun=lambda: change(0, 4))
    await change(4, 6)

    async def change_and_kill() -> None:
        await change(6, 8)
        one.kill()

    with suppress(httpx.TransportError):
        await ear.listen(one.url, key, begun=change_and_kill)
    await change(8, 10)
    await ear.listen(other.url, key, until=12, begun=lambda: change(10, 12))

    assert ear.heard == [str(item) for item in items]
