"""The requests that a Typesense server understands, of those that we need: https://typesense.org/docs, "API".

By the client that all our requests to other servers pass: an end to everything, and no library of Typesense's own.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec

from app.catalog.typesense.documents import schema
from app.errors import Unavailable
from app.metadata.outbound import AddressRefused, Answer, Outbound, OutboundFailed

WRITING = timedelta(seconds=60)
"""For a batch of documents, or a collection."""

DELETED_AT_ONCE = 100
"""Ids in one request: Typesense takes an address of 4,000 characters at most."""

_NOT_FOUND, _EXISTS = 404, 409
_KEY = frozenset({401, 403})


class TypesenseAway(Unavailable):
    """It does not answer, not with sense, or not to our key."""

    code = "search_engine_away"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Typesense: {reason}")
        self.reason = reason


class NoCollection(TypesenseAway):
    """What is asked for is not there: never made, or its data was lost."""


class TypesenseServer:
    """Talks to one server, with a key that may do everything to collections of ours.

    Every method raises:
        TypesenseAway, NoCollection.
    """

    def __init__(self, outbound: Outbound, url: str, api_key: str, timeout: timedelta) -> None:
        self._outbound = outbound
        self._url = url
        self._headers = {"X-TYPESENSE-API-KEY": api_key, "Accept": "application/json"}
        self._timeout = timeout

    async def find(self, asked: Mapping[str, Any]) -> list[UUID]:
        """Return what one search finds, the best first."""
        answer = await self._send("POST", "/multi_search", {"searches": [asked]}, timeout=self._timeout)
        results = _read(answer).get("results")
        result = results[0] if isinstance(results, list) and results and isinstance(results[0], dict) else {}
        if result.get("code") == _NOT_FOUND:
            raise NoCollection(str(result.get("error")))
        if not isinstance(hits := result.get("hits"), list):
            raise TypesenseAway(f"it answered no hits: {str(result.get('error'))[:200]}")
        try:
            return [UUID(hit["document"]["id"]) for hit in hits]
        except (KeyError, TypeError, ValueError):
            raise TypesenseAway("it found what is none of ours") from None

    async def collection_of(self, alias: str) -> str | None:
        """Return the collection that an alias stands for."""
        try:
            said = _read(await self._send("GET", f"/aliases/{quote(alias)}")).get("collection_name")
        except NoCollection:
            return None
        return said if isinstance(said, str) else None

    async def point(self, alias: str, collection: str) -> None:
        """Let an alias stand for a collection, from one search to the next."""
        await self._send("PUT", f"/aliases/{quote(alias)}", {"collection_name": collection})

    async def create(self, collection: str) -> None:
        """Create a collection, unless it is there."""
        await self._send("POST", "/collections", schema(collection), fine=_EXISTS)

    async def collections(self) -> list[str]:
        """Return the names of all collections, also of others than us."""
        answer = await self._send("GET", "/collections?exclude_fields=fields")
        try:
            return [one.name for one in msgspec.json.decode(answer.body, type=list[_Named])]
        except msgspec.DecodeError:
            raise TypesenseAway("it answered no collections") from None

    async def count(self, collection: str) -> int | None:
        """Return how many documents a collection has; None: there is none."""
        try:
            said = _read(await self._send("GET", f"/collections/{quote(collection)}")).get("num_documents")
        except NoCollection:
            return None
        return said if isinstance(said, int) else None

    async def drop(self, collection: str) -> None:
        """Drop a collection, if it is there."""
        await self._send("DELETE", f"/collections/{quote(collection)}", fine=_NOT_FOUND)

    async def put(self, collection: str, documents: Sequence[Mapping[str, Any]]) -> list[str]:
        """Write documents over those that there are. Returns what was said against any of them."""
        lines = b"\n".join(msgspec.json.encode(one) for one in documents)
        path = f"/collections/{quote(collection)}/documents/import?action=upsert"
        answer = await self._send("POST", path, content=lines)
        try:
            said = [msgspec.json.decode(line, type=_Imported) for line in answer.body.splitlines()]
        except msgspec.DecodeError:
            raise TypesenseAway("it said nothing of the documents that it was given") from None
        if len(said) != len(documents):
            raise TypesenseAway(f"it answered for {len(said)} of {len(documents)} documents")
        return [one.error or "it gave no reason" for one in said if not one.success]

    async def delete(self, collection: str, item_ids: Sequence[UUID]) -> None:
        """Delete documents of these items, where there are any."""
        for start in range(0, len(item_ids), DELETED_AT_ONCE):
            some = ",".join(one.hex for one in item_ids[start : start + DELETED_AT_ONCE])
            query = urlencode({"filter_by": f"id:[{some}]"})
            await self._send("DELETE", f"/collections/{quote(collection)}/documents?{query}")

    async def _send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content: bytes = b"",
        timeout: timedelta = WRITING,  # noqa: ASYNC109  handed on
        fine: int | None = None,
    ) -> Answer:
        headers = self._headers
        if body is not None:
            headers, content = {**headers, "Content-Type": "application/json"}, msgspec.json.encode(body)
        try:
            answer = await self._outbound.request(
                method, self._url + path, headers=headers, content=content, timeout=timeout
            )
        except (OutboundFailed, AddressRefused) as err:
            raise TypesenseAway(err.reason) from None
        if answer.status in _KEY:
            raise TypesenseAway(f"it refuses our key ({answer.status})")
        if answer.status == _NOT_FOUND and fine != _NOT_FOUND:
            raise NoCollection(f"there is nothing at {path.partition('?')[0]}")
        if not 200 <= answer.status < 300 and answer.status != fine:  # noqa: PLR2004  HTTP's own
            raise TypesenseAway(f"it answered {answer.status}: {answer.body[:200].decode(errors='replace')}")
        return answer


class _Named(msgspec.Struct):
    name: str


class _Imported(msgspec.Struct):
    success: bool
    error: str | None = None


def _read(answer: Answer) -> dict[str, Any]:
    try:
        return msgspec.json.decode(answer.body, type=dict[str, Any])
    except msgspec.DecodeError:
        raise TypesenseAway("it answered what makes no sense") from None
