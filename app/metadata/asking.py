"""One question to a source: from memory while that is fresh, else when its turn comes, and what an answer means."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from app.clock import Clock
from app.metadata.answers import Answers
from app.metadata.errors import NotKnown, SourceFailed, SourceWaits
from app.metadata.gate import KEY_REFUSED, Gate, Turn
from app.metadata.outbound import AddressRefused, Answer, Outbound, OutboundFailed
from app.metadata.retry_after import retry_after
from app.metadata.terms import Terms

UNSAID_WAIT = timedelta(minutes=5)
"""Where a source says that it is too much and not until when."""

Parameters = Sequence[tuple[str, str]]

_OK, _NOT_MODIFIED = 200, 304
_NOBODY = frozenset({400, 404, 410})
"""No such thing; 400 is what some say to an id that is none."""
_KEY = frozenset({401, 403})
_TOO_MUCH = frozenset({429, 503})


class Asking:
    def __init__(self, outbound: Outbound, gate: Gate, answers: Answers, clock: Clock) -> None:
        self._outbound = outbound
        self._gate = gate
        self._answers = answers
        self._clock = clock

    async def json(
        self,
        terms: Terms,
        path: str,
        parameters: Parameters = (),
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Return what a source says at a path, decoded. `headers` may hold a key; the path and parameters may not.

        Raises:
            NotKnown: there is no such thing.
            SourceWaits: not now; nobody's fault, or known to be down.
            SourceFailed: no answer, or no sense in it.
        """
        address = path + (f"?{urlencode(parameters, quote_via=quote)}" if parameters else "")
        kept = await self._answers.find(terms, address)
        if kept is not None and kept.is_fresh:
            return _decoded(kept.body)
        turn = await self._gate.take_turn(terms)
        answer = await self._ask(
            terms, turn, address, {**(headers or {}), **(kept.conditions if kept is not None else {})}
        )
        if answer.status == _NOT_MODIFIED and kept is not None:
            value = _decoded(kept.body)
            await self._answers.still_true(terms, address)
        else:
            await self._judge(terms, path, answer)
            value = await self._read(terms, answer.body)
            last_modified = answer.headers.get("last-modified")
            await self._answers.keep(terms, address, answer.body, answer.headers.get("etag"), last_modified)
        if turn.has_failed:
            await self._gate.answered(terms)
        return value

    async def post(self, terms: Terms, path: str, body: Any) -> Any:
        """Send something and return what is answered; nothing of it is kept.

        Raises: as `json`.
        """
        turn = await self._gate.take_turn(terms)
        content = msgspec.json.encode(body)
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        try:
            answer = await self._outbound.request("POST", terms.base_url + path, headers=headers, content=content)
        except (OutboundFailed, AddressRefused) as err:
            raise await self._failed(terms, err.reason) from None
        finally:
            await self._gate.end_turn(terms, turn)
        await self._judge(terms, path, answer)
        return await self._read(terms, answer.body)

    async def _read(self, terms: Terms, body: bytes) -> Any:
        try:
            return _decoded(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise await self._failed(terms, "it answered what is no JSON") from None

    async def _ask(self, terms: Terms, turn: Turn, address: str, headers: Mapping[str, str]) -> Answer:
        try:
            return await self._outbound.get(terms.base_url + address, headers={"Accept": "application/json", **headers})
        except (OutboundFailed, AddressRefused) as err:
            raise await self._failed(terms, err.reason) from None
        finally:
            await self._gate.end_turn(terms, turn)

    async def _judge(self, terms: Terms, path: str, answer: Answer) -> None:
        status = answer.status
        if status == _OK:
            return
        if status in _TOO_MUCH:
            said = retry_after(answer.headers, self._clock.now())
            reason = f"it said that we ask too much ({status})"
            await self._gate.wait_asked(terms, said or UNSAID_WAIT, reason)
            raise SourceWaits(terms.name, said or UNSAID_WAIT, reason)
        if status in _NOBODY:
            await self._gate.answered(terms)
            raise NotKnown(terms.name, path.rpartition("/")[2])
        if status in _KEY:
            reason = f"it refuses our key ({status})"
            await self._gate.wait_asked(terms, KEY_REFUSED, reason)
            raise SourceWaits(terms.name, KEY_REFUSED, reason)
        raise await self._failed(terms, f"it answered {status}")

    async def _failed(self, terms: Terms, problem: str) -> SourceFailed | SourceWaits:
        pause = await self._gate.failed(terms, problem)
        return SourceFailed(terms.name, problem) if pause is None else SourceWaits(terms.name, pause, problem)


def _decoded(body: bytes) -> Any:
    return msgspec.json.decode(body)
