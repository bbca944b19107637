"""Sees that one client at a time leads, for a bounded term (contract 5)."""

import asyncio
import contextlib
import itertools
import random
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

import structlog

from app.jobs.driver.driver import Driver, Leader
from app.jobs.notifier import Notifier
from app.jobs.signals import TestSignal
from app.jobs.types import Topic
from app.lifecycle import Service
from app.observability import Metrics

T = TypeVar("T")

log = structlog.get_logger("jobs.elector")

INTERVAL = 5.0
FOLLOWER_JITTER = 1.0
TTL = 15.0
"""Seconds the lease holds by the database's clock."""

TRUST = 14.0
"""Seconds we believe in our lease, counted by our own clock from before we asked for it: less than it holds, so a
process that was frozen steps down before anybody else can have been elected."""

ATTEMPT_TIMEOUT = 5.0
RENEW_PAUSES = (1.0, 2.0, 4.0)
ELECT_PAUSES = (1.0, 2.0, 4.0, 8.0)
"""River goes on to 64 s; we stop at 8, so that an outage of minutes does not leave the fleet without a leader for
another one."""

RESIGN_TIMEOUTS = (1.0, 2.0, 3.0)
SCRAMBLE = 0.05
"""Seconds within which followers bid after a resignation, each at a time of its own."""


class Leadership(Protocol):
    """What is done by the leader alone: started when the term begins, stopped when it ends."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    def leave(self) -> None:
        """Let nothing more be begun, and wait for nothing: `stop` and `start` wait for what is left."""


class Elector(Service):
    """Doubt means step down: a lease that cannot be renewed in time is given up, whoever holds the row by then.

    States: idle → following ⇄ leading → idle. A follower bids every 5 to 6 s and as soon as a leader says that it
    resigns; a leader renews every 5 s, steps down when the renewal finds no row of its own or when its trust runs out,
    and resigns when it is asked to or when it stops. The term is (our id, elected_at): both must match.

    A term ends in order while our trust lasts, and at once when that is over, whatever a silent wire still owes us:
    statements under way are left to be given up in the background, and only `finish` waits for them. What lands late
    does no harm: renewals and resignations carry their term, and what a leader does once may be done twice.
    """

    def __init__(
        self,
        driver: Driver,
        client_id: str,
        notifier: Notifier | None,
        leadership: Leadership,
        metrics: Metrics,
    ) -> None:
        super().__init__()
        self._driver = driver
        self._client_id = client_id
        self._notifier = notifier
        self._leadership = leadership
        self._gauge = metrics.leader
        self._term: Leader | None = None
        self._owed: Leader | None = None
        """A term that is over for us, and not yet given back."""
        self._asked: set[asyncio.Task[Any]] = set()
        self._trusted_until = float("-inf")
        self._resigned = asyncio.Event()
        self._asked_to_resign = asyncio.Event()
        self._bidding = asyncio.Lock()
        self._unsubscribe: Callable[[], None] | None = None
        self.elected = TestSignal[Leader]()
        self.stepped_down = TestSignal[None]()

    @property
    def is_leader(self) -> bool:
        return self._term is not None and asyncio.get_running_loop().time() < self._trusted_until

    async def prepare(self) -> None:
        self._resigned.clear()
        if self._notifier is not None:
            self._unsubscribe = self._notifier.subscribe(
                Topic.LEADERSHIP, self._on_announcement, on_gap=self._resigned.set
            )

    async def run(self) -> None:
        failures = 0
        while True:
            try:
                term = await self.bid()
                failures = 0
            except Exception as err:  # noqa: BLE001  an elector that dies may leave the whole fleet without a leader
                pause = ELECT_PAUSES[min(failures, len(ELECT_PAUSES) - 1)] * random.uniform(0.9, 1.1)
                failures += 1
                log.warning("bidding failed", error=str(err) or type(err).__name__, again_in_seconds=round(pause, 1))
                await asyncio.sleep(pause)
                continue
            if term is None:
                await self._follow()
            else:
                await self._lead(term)

    async def ask_to_stop(self) -> None:
        """Let a bid in flight land: one that won unheard would leave the fleet without a leader for a whole lease."""
        await self._bidding.acquire()

    async def finish(self) -> None:
        if self._bidding.locked():
            self._bidding.release()
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        await self._step_down(resign=True)
        await self._see_the_end()

    # -- following

    async def bid(self) -> Leader | None:
        """Try once to be elected; None when somebody else leads."""
        async with self._bidding:
            began = asyncio.get_running_loop().time()
            self._resigned.clear()
            self._asked_to_resign.clear()  # not later: whoever asks once we are elected means us
            async with asyncio.timeout(ATTEMPT_TIMEOUT):
                term = await self._driver.leader_attempt_elect(leader_id=self._client_id, ttl=TTL)
            if term is not None:
                self._term = term
                self._trusted_until = began + TRUST
            return term

    async def _follow(self) -> None:
        try:
            async with asyncio.timeout(INTERVAL + random.uniform(0, FOLLOWER_JITTER)):
                await self._resigned.wait()
        except TimeoutError:
            return
        await asyncio.sleep(random.uniform(0, SCRAMBLE))

    # -- leading

    async def _lead(self, term: Leader) -> None:
        log.info("leading")
        self._gauge.set(1)
        with contextlib.suppress(TimeoutError):  # then trust is over, which is the first thing asked below
            async with asyncio.timeout_at(self._trusted_until):
                await self._take_office()
        self.elected.signal(term)
        must_resign = await self._renew_until_lost(term)
        await self._step_down(resign=must_resign)

    async def _take_office(self) -> None:
        """Start what leaders do. When that fails there must be another leader, so the office is given up again."""
        for pause in (1.0, 2.0, None):
            try:
                await self._leadership.start()
            except Exception:
                log.exception("maintenance did not start")
                if pause is None:
                    self._asked_to_resign.set()
                    return
                await asyncio.sleep(pause)
            else:
                return

    async def _renew_until_lost(self, term: Leader) -> bool:
        """Keep the office. Returns whether the row may still be ours, and is to be given back."""
        loop = asyncio.get_running_loop()
        while True:
            if await self._is_asked_within(min(INTERVAL, self._trusted_until - loop.time())):
                log.info("resigning as asked")
                return True
            if loop.time() >= self._trusted_until:
                log.warning("could not renew in time, stepping down")
                return True
            if await self._renew(term) is False:
                log.warning("leadership was lost")
                self._trusted_until = float("-inf")
                return False

    async def _is_asked_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await self._asked_to_resign.wait()
        except TimeoutError:
            return False
        return True

    async def _renew(self, term: Leader) -> bool | None:
        """Renew, several times if need be. False: the row is not ours any more. None: nobody knows, trust ran out."""
        loop = asyncio.get_running_loop()
        for pause in itertools.cycle(RENEW_PAUSES):
            began = loop.time()
            left = self._trusted_until - began
            if left <= 0:
                return None
            try:
                renewed = await self._ask(
                    self._driver.leader_attempt_reelect(leader_id=self._client_id, elected_at=term.elected_at, ttl=TTL),
                    seconds=min(ATTEMPT_TIMEOUT, left),
                )
            except Exception as err:  # noqa: BLE001  while trust lasts there is time to try again
                log.warning("renewing failed", error=str(err) or type(err).__name__)
                await asyncio.sleep(min(pause * random.uniform(0.9, 1.1), max(self._trusted_until - loop.time(), 0)))
                continue
            if renewed is None:
                return False
            self._trusted_until = began + TRUST
            return True
        return None

    # -- stepping down

    async def _step_down(self, *, resign: bool) -> None:
        """End the term. Cancelled half-way, it is done over by `finish`: each part of it may come twice."""
        if self._term is not None:
            self._owed, self._term = self._term, None
        if self._owed is None:
            return
        self._gauge.set(0)
        await self._leave_office()
        if resign:
            await self._resign(self._owed)
        self._owed = None
        log.info("leading no more")
        self.stepped_down.signal(None)

    async def _leave_office(self) -> None:
        try:
            async with asyncio.timeout_at(self._trusted_until):
                await self._leadership.stop()
        except TimeoutError:
            self._leadership.leave()
        except Exception:  # the office is given up all the same, and so is the lease
            log.exception("maintenance did not stop cleanly")

    async def _resign(self, term: Leader) -> None:
        for seconds in RESIGN_TIMEOUTS:
            try:
                await self._ask(
                    self._driver.leader_resign(leader_id=self._client_id, elected_at=term.elected_at), seconds=seconds
                )
            except Exception as err:  # noqa: BLE001  the lease runs out by itself
                log.warning("resigning failed", error=str(err) or type(err).__name__)
            else:
                return

    async def _see_the_end(self) -> None:
        """Wait for all that was left to itself when a term had to end at once."""
        try:
            await self._leadership.stop()
        except Exception:  # the loops have ended, and that was the question
            log.exception("maintenance did not stop cleanly")
        if self._asked:
            await asyncio.wait(self._asked)

    async def _ask(self, statement: Coroutine[Any, Any, T], *, seconds: float) -> T:
        """Wait for an answer for so long and not a moment longer.

        Behind a silent wire psycopg takes ten seconds to give a statement up. It does that by itself: by then another
        may have been elected, so we cannot wait for it.
        """
        asking = asyncio.create_task(statement)
        self._asked.add(asking)
        asking.add_done_callback(self._forget)
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(asking)
        finally:
            asking.cancel()

    def _forget(self, asking: asyncio.Task[Any]) -> None:
        self._asked.discard(asking)
        if not asking.cancelled():
            asking.exception()  # whoever still wanted to know has been told

    def _on_announcement(self, payload: dict[str, Any]) -> None:
        action = payload.get("action")
        if action == "resigned" and payload.get("leader_id") != self._client_id:
            self._resigned.set()
        elif action == "request_resign":  # also while we bid: it may be known that we are elected before we know it
            self._asked_to_resign.set()
