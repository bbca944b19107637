"""One LISTEN connection, fanned out by topic (contract 4)."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog

from app.jobs.driver.driver import Driver, Listener, Notification
from app.jobs.signals import TestSignal
from app.jobs.types import Topic
from app.lifecycle import Service

log = structlog.get_logger("jobs.notifier")

CONNECT_TIMEOUT = 5.0
"""Seconds for connecting and listening. Half of River's ten: together with the longest pause it must stay below 10 s,
the time within which a client listens again once the database is back."""

IDLE_PING = 5.0
"""Seconds of silence after which the connection is asked whether it still lives."""

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 4.0
"""Seconds between attempts to connect: 0.5, 1, 2, 4, 4 …, each ± 10 %."""

Receive = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True, eq=False)
class Subscription:
    topic: Topic
    receive: Receive
    on_gap: Callable[[], None] | None


class Notifier(Service):
    """Nothing is replayed: whatever is announced while the connection is away is lost, and polling finds it later.

    States: idle → listening ⇄ away → idle. It never gives up; after every absence it listens again to all topics and
    tells its subscribers that there was a gap, so that they look for themselves at once. Subscribers must not block.
    On a server without announcements it has nothing to do.
    """

    def __init__(self, driver: Driver, topics: Sequence[Topic] = tuple(Topic)) -> None:
        super().__init__()
        self._driver = driver
        self._topics = topics
        self._listener: Listener | None = None
        self._subscriptions: list[Subscription] = []
        self.listening_again = TestSignal[None]()

    def subscribe(self, topic: Topic, receive: Receive, on_gap: Callable[[], None] | None = None) -> Callable[[], None]:
        """Receive what is announced on a topic, decoded. Returns the call that ends it."""
        subscription = Subscription(topic, receive, on_gap)
        self._subscriptions.append(subscription)

        def unsubscribe() -> None:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)

        return unsubscribe

    @property
    def is_listening(self) -> bool:
        return self._listener is not None

    async def prepare(self) -> None:
        """Listen before anybody works. A failure is not fatal: the loop goes on trying and polling covers for it."""
        if not self._driver.announces:
            log.info("this server announces nothing, polling instead")
            return
        try:
            await self._connect()
        except Exception as err:  # noqa: BLE001  whatever it is, the loop meets it again and says so
            log.warning("not listening yet, polling meanwhile", error=str(err))

    async def run(self) -> None:
        failures = 0
        while self._driver.announces:
            try:
                if self._listener is None:
                    await self._connect()
                    self._tell_of_gap()
                failures = 0
                await self._receive_for_ever(self._listener)
            except Exception as err:  # noqa: BLE001  a listener that dies leaves everyone polling without a word
                failures += 1
                pause = reconnect_pause(failures)
                log.warning("listening was cut off", error=str(err), again_in_seconds=round(pause, 2))
                await self._disconnect()
                await asyncio.sleep(pause)

    async def finish(self) -> None:
        await self._disconnect()

    async def _connect(self) -> None:
        listener = self._driver.listener()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await listener.connect()
                for topic in self._topics:
                    await listener.listen(topic)
        except BaseException:
            await listener.close()
            raise
        self._listener = listener

    async def _disconnect(self) -> None:
        listener, self._listener = self._listener, None
        if listener is None:
            return
        try:
            await listener.close()
        except Exception as err:  # noqa: BLE001  it was given up already; a new one is made
            log.debug("the old connection did not close cleanly", error=str(err))

    async def _receive_for_ever(self, listener: Listener | None) -> None:
        if listener is None:
            return
        while True:
            silent = True
            async for notification in listener.notifications(IDLE_PING):
                silent = False
                self._dispatch(notification)
                await asyncio.sleep(0)  # whoever was woken comes first: a job may wait for it
            if silent:
                async with asyncio.timeout(CONNECT_TIMEOUT):
                    await listener.ping()

    def _dispatch(self, notification: Notification) -> None:
        payload = decode_payload(notification.payload)
        if payload is None:
            log.warning("ignored an announcement", topic=notification.topic, payload=notification.payload[:200])
            return
        for subscription in [one for one in self._subscriptions if one.topic == notification.topic]:
            try:
                subscription.receive(payload)
            except Exception:  # one subscriber's defect must not deafen the others
                log.exception("a subscriber failed", topic=notification.topic)

    def _tell_of_gap(self) -> None:
        log.info("listening again")
        for subscription in list(self._subscriptions):
            if subscription.on_gap is not None:
                subscription.on_gap()
        self.listening_again.signal(None)


def reconnect_pause(failures: int) -> float:
    base = min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
    return float(base * random.uniform(0.9, 1.1))


def decode_payload(payload: str) -> dict[str, Any] | None:
    """Decode an announcement; None when it is not an object, which no client of River's sends."""
    try:
        value = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeError):
        return None
    return value if isinstance(value, dict) else None
